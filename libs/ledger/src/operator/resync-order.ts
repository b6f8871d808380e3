import { syncOrder, type Actor } from '@orderly/contracts';
import type { Query } from '@orderly/database';
import { newJob, type RunnableJob } from '@orderly/jobs';
import { recordAudit } from '../audit/record-audit';
import { ensureLanes } from '../orders/ensure-lanes';
import { advanceLanes } from './advance-lanes';

/** A person's request to send the current version of an order to one destination, even if it was confirmed before. */
export interface ResyncRequest {
  readonly orderId: string;
  readonly destination: string;
  readonly reason?: string | null;
  readonly actor: Actor;
  readonly traceId: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

export type ResyncAnswer =
  /** The job sends this version, or is doing so already. The jobs are the relay's after the commit. */
  | {
      readonly status: 'accepted';
      readonly jobId: string;
      readonly version: number;
      readonly runnable: RunnableJob[];
    }
  | { readonly status: 'order-unknown' }
  | { readonly status: 'destination-unknown' }
  /** The outcome of this job must be settled first: the request might still arrive after a newer one. */
  | { readonly status: 'outcome-unknown'; readonly jobId: string };

/**
 * Sends the current version of an order to one destination. Dead letters of the lane are closed as superseded, and a lane that one of
 * them blocked continues with the current version. The confirmed version is taken back, so the lane counts as behind until the
 * destination confirms again.
 *
 * @param query - of a transaction
 */
export async function resyncOrder(query: Query, request: ResyncRequest): Promise<ResyncAnswer> {
  const { orderId, destination, reason, actor, traceId, traceparent, tracestate } = request;
  const [order] = await query<{ version: number }>(
    `select version from orders where order_id = $1 and status is not null for share`,
    [orderId],
  );
  if (order === undefined) return { status: 'order-unknown' };
  const [declared] = await query(`select from destinations where name = $1 and declared`, [destination]);
  if (declared === undefined) return { status: 'destination-unknown' };
  const { version } = order;
  const key = { orderId, destination };
  await ensureLanes(query, [{ order_id: orderId, destination }]);
  const lane = await readLane(query, request, version);
  if (lane.unknown_id !== null) return { status: 'outcome-unknown', jobId: lane.unknown_id };

  await query(closeSql, [orderId, destination, version, lane.is_blocked]);
  let jobId = lane.open_id;
  if (jobId === null) {
    const options = { orderId, destination, version, traceparent, tracestate, state: 'blocked' } as const;
    const job = newJob(syncOrder, { orderId, destination, version }, options);
    jobId = job.id;
    await query(insertSql, [
      job.id,
      job.name,
      job.queue,
      job.priority,
      job.payload,
      orderId,
      destination,
      version,
      lane.epoch,
      traceparent,
      tracestate,
    ]);
    await query(`update lanes set acked_version = least(acked_version, $3) where order_id = $1 and destination = $2`, [
      orderId,
      destination,
      version - 1,
    ]);
  }
  const runnable = await advanceLanes(query, [key]);
  await recordAudit({ query }, [
    { action: 'order.resynced', actor, orderId, version, subject: destination, reason, traceId, detail: { jobId } },
  ]);
  return { status: 'accepted', jobId, version, runnable };
}

type LaneRow = { unknown_id: string | null; open_id: string | null; is_blocked: boolean; epoch: number };

/**
 * The lane's facts: the job whose outcome is unknown, an open job that sends the version, and the epoch of a new job. The epoch is
 * raised after a definite answer to this version, as for a redrive.
 */
async function readLane(query: Query, { orderId, destination }: ResyncRequest, version: number): Promise<LaneRow> {
  const [row] = await query<LaneRow>(
    `with jobs_of_lane as (
       select j.*, coalesce((
         select a.response_status < 500 from attempts a where a.job_id = j.id order by a.number desc limit 1
       ), false) as is_answered
       from (select * from jobs where order_id = $1 and destination = $2 offset 0) as j
     )
     select
       (select id from jobs_of_lane where id = l.blocked_by and outcome = 'unknown') as unknown_id,
       (
         select id from jobs_of_lane
         where (state in ('runnable', 'blocked') and version = $3) or (state = 'running' and intent_version = $3)
         order by state = 'running' desc, state = 'runnable' desc
         limit 1
       ) as open_id,
       l.blocked_by is not null as is_blocked,
       coalesce(
         (select max(epoch + is_answered::int) from jobs_of_lane where version = $3 or intent_version = $3 or result_version = $3), 0
       )::int as epoch
     from lanes l where l.order_id = $1 and l.destination = $2`,
    [orderId, destination, version],
  );
  if (row === undefined) throw new Error('A locked lane is missing');
  return row;
}

/**
 * $1 order, $2 destination, $3 its version, $4 whether the lane was blocked. Dead letters give way. If one blocked the lane, so do
 * the versions that waited behind it: the person asked for the current one.
 */
const closeSql = `
  update jobs j
  set state = 'ended', outcome = 'superseded', wait_reason = null, fingerprint = null, ended_at = now()
  where j.order_id = $1 and j.destination = $2
    and ((j.outcome || '' = 'dead' and j.version <= $3) or ($4 and j.state || '' = 'blocked' and j.version < $3))`;

const insertSql = `
  insert into jobs (id, name, queue, priority, payload, state, wait_reason, order_id, destination, version, epoch, traceparent, tracestate)
  values ($1, $2, $3, $4, $5, 'blocked', 'behind-head', $6, $7, $8, $9, $10, $11)`;
