/** The lowest and highest of some ids. They prune partitions at run time, even in a generic plan that knows no values. */
export function idRange(ids: readonly string[]): { readonly lowest: string; readonly highest: string } {
  let [lowest, highest] = [ids[0] ?? '', ids[0] ?? ''];
  for (const id of ids) {
    if (id < lowest) lowest = id;
    if (id > highest) highest = id;
  }
  return { lowest, highest };
}
