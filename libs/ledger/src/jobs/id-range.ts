/** The bounds of some ids, so that a statement looks into their partitions alone, even where its plan knows no values. */
export function idRange(ids: readonly string[]): { readonly lowest: string; readonly highest: string } {
  let [lowest, highest] = [ids[0] ?? '', ids[0] ?? ''];
  for (const id of ids) {
    if (id < lowest) lowest = id;
    if (id > highest) highest = id;
  }
  return { lowest, highest };
}
