import { desc, eq } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { attempts, jobs } from '../schema';
import { jobRecord, type JobRecord } from './job-record';
import { ormOf } from '../orm';

/** The log of one try. */
export type AttemptRecord = Omit<typeof attempts.$inferSelect, 'jobId'>;

/** Only the newest attempts are shown: a job that waited for days may have thousands. */
const shownAttempts = 100;

/**
 * Finds a job with its newest attempts, the oldest of them first. The two reads are separate statements, so an attempt that ends
 * in between may be listed although the job still shows `running`.
 *
 * @param id - a UUID; PostgreSQL refuses any other text with an error
 */
export async function findJob(
  db: Database,
  id: string,
): Promise<(JobRecord & { readonly attempts: readonly AttemptRecord[] }) | undefined> {
  const [[job], tries] = await Promise.all([
    ormOf(db).select().from(jobs).where(eq(jobs.id, id)),
    ormOf(db).select().from(attempts).where(eq(attempts.jobId, id)).orderBy(desc(attempts.number)).limit(shownAttempts),
  ]);
  return job && { ...jobRecord(job), attempts: tries.reverse().map(({ jobId: _, ...attempt }) => attempt) };
}
