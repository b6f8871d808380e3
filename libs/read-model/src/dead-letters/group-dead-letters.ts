import type { Database } from '@orderly/database';
import { findJob } from '../records/find-job';
import type { DeadLetterRecord } from './list-dead-letters';

/** Filters for groups. The times are compared with the time at which a letter died. */
export interface GroupFilter {
  readonly fingerprint?: string;
  readonly code?: string;
  readonly job?: string;
  readonly destination?: string;
  readonly orderId?: string;
  readonly since?: Date;
  readonly until?: Date;
}

/** The dead letters with one fingerprint. */
export interface DeadLetterGroup {
  readonly fingerprint: string;
  readonly code: string | null;
  readonly job: string;
  readonly destination: string | null;
  /** At most {@link maxCounted}. */
  readonly count: number;
  /** False: the group has more letters. */
  readonly isCountExact: boolean;
  /** When the first of the counted letters died. */
  readonly first: Date;
  readonly last: Date;
  /** A letter died within the last 15 minutes. */
  readonly isHappening: boolean;
  /** The newest letter. */
  readonly example: DeadLetterRecord | null;
}

/** Letters of one group that are counted, the newest. Bounds the cost of a group. */
const maxCounted = 10_000;
/** Groups of one answer. A fingerprint is an error code with a destination or job, so there are seldom more than a few dozen. */
const maxGroups = 200;
/** Examples are read one by one, so only for so many groups. */
const maxExamples = 50;
/** The window in which a repeated fingerprint counts as one incident. */
const happeningMinutes = 15;

/** Groups dead letters by fingerprint, the group with the newest letter first. */
export async function groupDeadLetters(db: Database, filter: GroupFilter): Promise<DeadLetterGroup[]> {
  const { fingerprint, code, job, destination, orderId, since, until } = filter;
  const rows = await db.query<GroupRow>(groupsSql, [
    fingerprint ?? null,
    code ?? null,
    job ?? null,
    destination ?? null,
    orderId ?? null,
    since ?? null,
    until ?? null,
  ]);
  return Promise.all(
    rows.map(async ({ example_id: exampleId, ...row }, index): Promise<DeadLetterGroup> => {
      const example = index < maxExamples ? await findJob(db, exampleId) : undefined;
      return {
        ...row,
        isCountExact: row.count < maxCounted,
        example: example ? { ...example, attempts: example.attempts.slice(-1) } : null,
      };
    }),
  );
}

type GroupRow = Omit<DeadLetterGroup, 'example' | 'isCountExact'> & { example_id: string };

/**
 * $1 fingerprint, $2 code, $3 job, $4 destination, $5 order, $6 and $7 the time of death; each may be null. A recursion jumps from
 * one fingerprint to the next in the index.
 */
const groupsSql = `
  with recursive known as (
    (select fingerprint from jobs where fingerprint is not null and ($1::text is null or fingerprint = $1) order by fingerprint limit 1)
    union all
    select (
      select j.fingerprint from jobs j
      where j.fingerprint is not null and j.fingerprint > k.fingerprint and $1::text is null
      order by j.fingerprint limit 1
    )
    from known k where k.fingerprint is not null
  )
  select k.fingerprint, g.code, g.job, g.destination, g.count, g.first, g.last, g.example_id,
    g.last > now() - interval '${happeningMinutes} minutes' as "isHappening"
  from known k
  cross join lateral (
    select count(*) as count, min(l.ended_at) as first, max(l.ended_at) as last, (array_agg(l.id order by l.id desc))[1] as example_id,
      min(l.error_code) as code, min(l.name) as job, min(l.destination) as destination
    from (
      select id, ended_at, error_code, name, destination from jobs
      where fingerprint = k.fingerprint and fingerprint is not null and outcome || '' = 'dead'
        and ($2::text is null or error_code = $2) and ($3::text is null or name = $3) and ($4::text is null or destination = $4)
        and ($5::text is null or order_id = $5)
        and ($6::timestamptz is null or ended_at >= $6) and ($7::timestamptz is null or ended_at < $7)
      order by id desc
      limit ${maxCounted}
    ) l
  ) g
  where k.fingerprint is not null and g.count > 0
  order by g.last desc
  limit ${maxGroups}`;
