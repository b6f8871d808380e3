import { asc, eq } from 'drizzle-orm';
import type { Database } from '../database';
import { attempts, jobs } from '../schema';
import { jobRecord, type JobRecord } from './job-record';
import { ormOf } from '../orm';

/** The log of one try. */
export type AttemptRecord = Omit<typeof attempts.$inferSelect, 'jobId'>;

/** @param id - a UUID */
export async function findJob(
  db: Database,
  id: string,
): Promise<(JobRecord & { readonly attempts: readonly AttemptRecord[] }) | undefined> {
  const [[job], tries] = await Promise.all([
    ormOf(db).select().from(jobs).where(eq(jobs.id, id)),
    ormOf(db).select().from(attempts).where(eq(attempts.jobId, id)).orderBy(asc(attempts.number)),
  ]);
  return job && { ...jobRecord(job), attempts: tries.map(({ jobId: _, ...attempt }) => attempt) };
}
