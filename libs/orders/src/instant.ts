/** Whether one ISO instant lies after the other. Compared as instants, since a database may format them another way. */
export function isLater(instant: string, than: string): boolean {
  return toMs(instant) > toMs(than);
}

function toMs(instant: string): number {
  const ms = Date.parse(instant);
  // Every comparison with NaN is false: a broken instant would quietly decide instead of failing.
  if (Number.isNaN(ms)) throw new RangeError(`Not an instant: ${instant.slice(0, 40)}`);
  return ms;
}
