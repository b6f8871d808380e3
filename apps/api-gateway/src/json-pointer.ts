/** Keys are the sender's: one of a megabyte is not sent back. */
const maxSegmentLength = 100;

/** A JSON pointer in the form of a URL's fragment (RFC 6901 §6). */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  ['#', ...path.map((segment) => encodeSegment(String(segment)))].join('/');

const encodeSegment = (segment: string): string =>
  encodeURIComponent(segment.slice(0, maxSegmentLength).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'));
