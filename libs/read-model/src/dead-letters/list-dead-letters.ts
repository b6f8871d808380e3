import type { Database } from '@orderly/database';
import { listJobs, type JobFilter } from '../lists/list-jobs';
import type { Page, PageRequest } from '../lists/page';
import type { AttemptRecord } from '../records/find-job';
import type { JobRecord } from '../records/job-record';
import { attempts } from '../schema';
import { ormOf } from '../orm';
import { desc, eq, sql } from 'drizzle-orm';

/** Filters for dead letters: those of jobs, without state and outcome. */
export type DeadLetterFilter = Omit<JobFilter, 'state' | 'outcome'>;

/** A job that failed for good, with its last attempts. */
export interface DeadLetterRecord extends JobRecord {
  /** The newest {@link shownAttempts}, the oldest of them first. */
  readonly attempts: readonly AttemptRecord[];
}

/** As many as a job has by default. More of them stand at the job itself. */
const shownAttempts = 5;

/** Dead letters with their last attempts, the newest first. */
export async function listDeadLetters(
  db: Database,
  filter: DeadLetterFilter,
  page: PageRequest,
): Promise<Page<DeadLetterRecord>> {
  const { rows, next } = await listJobs(db, { ...filter, outcome: 'dead' }, page);
  const byJob = await lastAttempts(
    db,
    rows.map(({ id }) => id),
  );
  return { rows: rows.map((row) => ({ ...row, attempts: byJob.get(row.id) ?? [] })), next };
}

/** The last attempts of jobs, by job. One statement, with one walk along the key per job. */
async function lastAttempts(db: Database, jobIds: readonly string[]): Promise<Map<string, AttemptRecord[]>> {
  if (jobIds.length === 0) return new Map();
  const orm = ormOf(db);
  const wanted = orm
    .select({ id: sql<string>`wanted.id`.as('id') })
    .from(sql`unnest(${sql.param(jobIds)}::uuid[]) as wanted (id)`)
    .as('wanted');
  const last = orm
    .select()
    .from(attempts)
    .where(eq(attempts.jobId, sql`"wanted"."id"`))
    .orderBy(desc(attempts.number))
    .limit(shownAttempts)
    .as('last');
  const rows = await orm
    .select()
    .from(wanted)
    .innerJoinLateral(last, sql`true`);
  const byJob = new Map<string, AttemptRecord[]>();
  for (const {
    last: { jobId, ...attempt },
  } of rows.toSorted((one, other) => one.last.number - other.last.number)) {
    byJob.set(jobId, [...(byJob.get(jobId) ?? []), attempt]);
  }
  return byJob;
}
