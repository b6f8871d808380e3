import { desc, eq } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { attempts, jobs } from '../schema';
import { jobRecord, type JobRecord } from './job-record';
import { ormOf } from '../orm';

/** The log of one try. */
export type AttemptRecord = Omit<typeof attempts.$inferSelect, 'jobId'>;

/** The newest tries of a job: one that waited for days has thousands. */
const shownAttempts = 100;

/** @param id - a UUID */
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
