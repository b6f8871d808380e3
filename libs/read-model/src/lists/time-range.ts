/** A range of time. A missing end is open. */
export interface TimeRange {
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
}

/**
 * The ids that were created in a range of time. Our ids are UUIDv7 and begin with their creation time in ms, so lists need no
 * index by time.
 *
 * @param after - the last id of the page before, which was read in descending order
 */
export function idsOf({ from, to }: TimeRange, after?: string): { readonly from: string; readonly before: string } {
  const ends = to === undefined ? highestId : idFloor(to);
  const before = after !== undefined && after.toLowerCase() < ends ? after : ends;
  return { from: from === undefined ? lowestId : idFloor(from), before };
}

const lowestId = '00000000-0000-0000-0000-000000000000';
const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The lowest id of a moment, as the SQL function `uuid_floor`. Times before 1970 count as 1970: UUIDv7 has no sign. */
function idFloor(moment: Date): string {
  const time = Math.max(0, moment.getTime()).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
