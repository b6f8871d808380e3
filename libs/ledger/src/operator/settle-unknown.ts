import type { Actor } from '@orderly/contracts';
import type { Query } from '@orderly/database';
import { fingerprintOf, type JobOutcome, type RunnableJob } from '@orderly/jobs';
import { recordAudit } from '../audit/record-audit';
import { advanceLanes } from './advance-lanes';
import { entryOf, lockLanesOf, reopenLetters } from './reopen-letters';

/** A person's finding about a job whose outcome is unknown. */
export interface SettleRequest {
  readonly jobId: string;
  /** `done`: the effect took place. `not-done`: it did not, so the job runs again. */
  readonly outcome: 'done' | 'not-done';
  readonly reason: string;
  readonly actor: Actor;
  readonly traceId?: string | null;
}

export type SettleAnswer =
  /** The job's new outcome; null if it runs again. The jobs are the relay's after the commit. */
  | { readonly status: 'settled'; readonly outcome: JobOutcome | null; readonly runnable: RunnableJob[] }
  /** Nothing was changed: the job's outcome is not unknown. */
  | { readonly status: 'not-unknown'; readonly state: string; readonly outcome: string | null }
  | { readonly status: 'missing' };

/**
 * Settles a job whose outcome is unknown, and unblocks its lane. If its effect did not take place it is sent again, unless its
 * destination has newer state. The idempotency key stays, in case the finding is wrong.
 *
 * @param query - of a transaction
 */
export async function settleUnknown(query: Query, { jobId, outcome, ...action }: SettleRequest): Promise<SettleAnswer> {
  const lanes = await lockLanesOf(query, [jobId]);
  const [job] = await query<JobRow>(
    `select id, name, queue, state, outcome, order_id, destination, error_code,
       coalesce(
         (select version_sent from attempts where job_id = $1 and version_sent is not null order by number desc limit 1),
         intent_version, version
       ) as version_sent
     from jobs where id = $1 for update`,
    [jobId],
  );
  if (job === undefined) return { status: 'missing' };
  if (job.outcome !== 'unknown') return { status: 'not-unknown', state: job.state, outcome: job.outcome };
  await recordAudit({ query }, [entryOf({ ...job, verdict: outcome }, { ...action, action: 'job.settled' })]);
  if (outcome === 'not-done') {
    // Now it is known to have failed: a dead letter, which is sent again under the same rules as every other.
    await query(`update jobs set outcome = 'dead', fingerprint = $2 where id = $1`, [
      jobId,
      fingerprintOf(job.error_code ?? 'job-failed', job),
    ]);
    const { counts, runnable } = await reopenLetters(query, [jobId], { ...action, action: 'job.redriven' });
    return { status: 'settled', outcome: counts.sent > 0 ? null : counts.superseded > 0 ? 'superseded' : 'dead', runnable };
  }
  await query(doneSql, [jobId, job.version_sent]);
  if (job.destination !== null) {
    await query(`update lanes set acked_version = greatest(acked_version, $3) where order_id = $1 and destination = $2`, [
      job.order_id,
      job.destination,
      job.version_sent ?? 0,
    ]);
  }
  return { status: 'settled', outcome: 'done', runnable: await advanceLanes(query, lanes) };
}

type JobRow = {
  id: string;
  name: string;
  queue: string;
  state: string;
  outcome: string | null;
  order_id: string | null;
  destination: string | null;
  error_code: string | null;
  version_sent: number | null;
};

/** $1 job, $2 the version that its last try sent. The job of a message has the message's id. */
const doneSql = `
  with told as (
    update messages set state = 'sent', updated_at = now() where id = $1 and state = 'unknown'
  )
  update jobs set outcome = 'done', result_version = $2, ended_at = now() where id = $1`;
