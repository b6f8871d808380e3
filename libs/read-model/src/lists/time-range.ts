/** A time from one moment on, and before another. */
export interface TimeRange {
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
}

/** The ids of that time: ours are UUIDv7, which begin with the time of their making. */
export function idsOf({ from, to }: TimeRange, after?: string): { readonly from: string; readonly before: string } {
  const ends = to === undefined ? highestId : idFloor(to);
  const before = after !== undefined && after.toLowerCase() < ends ? after : ends;
  return { from: from === undefined ? lowestId : idFloor(from), before };
}

const lowestId = '00000000-0000-0000-0000-000000000000';
const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** As `uuid_floor` of the database. Before 1970 there is no id. */
function idFloor(moment: Date): string {
  const time = Math.max(0, moment.getTime()).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
