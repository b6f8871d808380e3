/** Whether one ISO instant is after the other. Not a text comparison, because a database may format instants differently. */
export function isLater(instant: string, than: string): boolean {
  return toMs(instant) > toMs(than);
}

function toMs(instant: string): number {
  const ms = Date.parse(instant);
  // Every comparison with NaN is false, so an invalid instant would silently give a decision instead of an error.
  if (Number.isNaN(ms)) throw new RangeError(`Not an instant: ${instant.slice(0, 40)}`);
  return ms;
}
