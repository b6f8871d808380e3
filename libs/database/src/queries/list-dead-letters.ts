import { and, desc, eq, lt } from 'drizzle-orm';
import type { Database } from '../database';
import { jobs } from '../schema';
import { jobRecord, type JobRecord } from './job-record';
import { ormOf } from '../orm';

export interface DeadLetterPage {
  /** At most so many. */
  readonly limit: number;
  /** The last job id of the page before. */
  readonly before?: string;
  readonly orderId?: string;
  readonly destination?: string;
  readonly code?: string;
}

/** Jobs that failed for good, those created last first. */
export async function listDeadLetters(db: Database, page: DeadLetterPage): Promise<JobRecord[]> {
  const { limit, before, orderId, destination, code } = page;
  const rows = await ormOf(db)
    .select()
    .from(jobs)
    .where(
      and(
        eq(jobs.outcome, 'dead'),
        before === undefined ? undefined : lt(jobs.id, before),
        orderId === undefined ? undefined : eq(jobs.orderId, orderId),
        destination === undefined ? undefined : eq(jobs.destination, destination),
        code === undefined ? undefined : eq(jobs.errorCode, code),
      ),
    )
    .orderBy(desc(jobs.id))
    .limit(limit);
  return rows.map(jobRecord);
}
