/** Keys are the sender's: one of a megabyte is not sent back. */
const maxSegmentLength = 100;

/** What lies deeper under long keys is named by what is around it: each of many faults would repeat them all. */
const maxPointerLength = 1000;

/** A JSON pointer in the form of a URL's fragment (RFC 6901 §6). */
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
