import type { Query } from '@orderly/database';

/** The lanes of a destination that wait for a person. */
export interface BlockedLanes {
  /** At most {@link maxCounted}. */
  readonly count: number;
  /** How long the oldest of them has waited, in ms. */
  readonly oldestWaitMs: number;
}

/** Bounds the answer: each counted lane costs a look at the job that blocks it. */
const maxCounted = 10_000;

/** Counts blocked lanes, by destination. Destinations without one are missing. */
export async function readBlockedLanes(query: Query, destinations: readonly string[]): Promise<Map<string, BlockedLanes>> {
  const rows = await query<BlockedLanes & { destination: string }>(blockedSql, [destinations]);
  return new Map(rows.map(({ destination, ...blocked }) => [destination, blocked]));
}

/** $1 destinations. A lane is blocked since the end of the job that blocks it. */
const blockedSql = `
  select d.destination, l.count, l.oldest as "oldestWaitMs"
  from unnest($1::text[]) as d(destination)
  cross join lateral (
    select count(*) as count, extract(epoch from now() - min(coalesce(b.ended_at, b.updated_at)))::float8 * 1000 as oldest
    from (
      select l.updated_at, (select ended_at from jobs j where j.id = l.blocked_by) as ended_at
      from lanes l
      where l.destination = d.destination and l.blocked_by is not null
      limit ${maxCounted}
    ) b
  ) l
  where l.count > 0`;
