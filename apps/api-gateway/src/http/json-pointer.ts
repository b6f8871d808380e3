/** Senders choose the keys: without a limit, a key of a megabyte would be sent back. */
const maxSegmentLength = 100;

/** A longer pointer is cut to an enclosing value. Otherwise each of many faults would repeat the same long keys. */
const maxPointerLength = 1000;

/** Writes a JSON pointer as a URL fragment (RFC 6901 §6). */
export function jsonPointer(path: readonly PropertyKey[]): string {
  let pointer = '#';
  for (const segment of path) {
    const longer = `${pointer}/${encodeSegment(String(segment))}`;
    if (longer.length > maxPointerLength) break;
    pointer = longer;
  }
  return pointer;
}

const encodeSegment = (segment: string): string =>
  encodeURIComponent(segment.slice(0, maxSegmentLength).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'));
