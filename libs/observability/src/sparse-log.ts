/** Writes the first of many equal facts at once, and the others as a number, so that an outage does not fill the disk. */
export function createSparseLog<Detail>(
  write: (detail: Detail, count: number) => void,
  { intervalMs = 5000, now = Date.now }: { readonly intervalMs?: number; readonly now?: () => number } = {},
): (detail: Detail) => void {
  let count = 0;
  let nextAt = 0;
  return (detail) => {
    count += 1;
    if (now() < nextAt) return;
    write(detail, count);
    count = 0;
    nextAt = now() + intervalMs;
  };
}
