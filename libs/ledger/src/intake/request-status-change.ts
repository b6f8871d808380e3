import type { Actor, OrderEvent, OrderStatus } from '@orderly/contracts';
import type { RunnableJob } from '@orderly/jobs';
import { allowedFrom, decide, isReachable, placeholderOf, type OrderState, type PendingEvent } from '@orderly/orders';
import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { recordAudit } from '../audit/record-audit';
import type { Database } from '@orderly/database';
import { acceptEvents } from './accept-events';

/** The source of the events that stand for manual changes. */
const manualSource = 'manual';

/** A person's request that an order take a status. */
export interface StatusChangeRequest {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly reason?: string;
  /** The version that the order must have when it takes the status; null for any version. */
  readonly expectedVersion: number | null;
  readonly notify?: boolean;
  readonly actor: Actor;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly traceId: string | null;
}

export type StatusChangeAnswer =
  /** It is stored, to be applied after all that was accepted before it. The job is the relay's, after the commit. */
  | {
      readonly status: 'accepted';
      readonly eventId: string;
      readonly source: string;
      readonly id: string;
      readonly job: RunnableJob;
    }
  | { readonly status: 'order-unknown' }
  | StatusChangeRefusal;

/** Only the audit entry is stored, so the transaction must be committed too. */
type StatusChangeRefusal =
  | { readonly status: 'version-conflict'; readonly currentVersion: number }
  | { readonly status: 'transition-not-allowed'; readonly current: OrderStatus; readonly allowed: readonly OrderStatus[] };

/**
 * Stores a manual change, or refuses it if it is already certain that it cannot be applied. The decision is the same that the
 * status-worker makes later.
 *
 * The order's row is locked first, so that the answer is about one moment. Nothing else is waited for: the
 * rows that are inserted afterwards have new ids, so no deadlock is possible.
 *
 * @param db - within a transaction that stores nothing else. Locks of two orders, or of an order and other events' keys, would
 * have to follow the common lock order
 */
export async function requestStatusChange(
  db: Pick<Database, 'query'>,
  request: StatusChangeRequest,
): Promise<StatusChangeAnswer> {
  const event = eventOf(request);
  // A missing row cannot be locked: an order that was created meanwhile is found by the second read.
  const standing = (await readStanding(db, request, event)) ?? (await readStanding(db, request, event));
  if (standing === undefined) return { status: 'order-unknown' };
  const { order, refusal } = standing;
  const facts = {
    actor: request.actor,
    orderId: request.orderId,
    source: manualSource,
    fromStatus: order.status,
    toStatus: request.status,
    version: order.version,
    reason: request.reason,
    traceId: request.traceId,
  };

  if (refusal !== undefined) {
    const detail = { allowed: allowedFrom(order.status), expectedVersion: request.expectedVersion };
    await recordAudit(db, [{ ...facts, action: 'order.status_refused', code: refusal.status, detail }]);
    return refusal;
  }
  const { traceparent, tracestate, actor, expectedVersion } = request;
  const bodyHash = createHash('sha256').update(JSON.stringify(event)).digest();
  const manual = { expectedVersion };
  const [result] = await acceptEvents(db, [{ event, bodyHash, batch: null, traceparent, tracestate, actor, manual }]);
  if (result?.status !== 'accepted') throw new Error('An event under a new id was not accepted');
  const { eventId, job } = result;
  await recordAudit(db, [{ ...facts, action: 'order.status_requested', eventId, detail: { expectedVersion } }]);
  return { status: 'accepted', eventId, source: manualSource, id: event.id, job };
}

interface Standing {
  readonly order: OrderState;
  /** Set if it is certain. */
  readonly refusal?: StatusChangeRefusal;
}

/** Undefined for an unknown order that no accepted event will create. */
async function readStanding(
  db: Pick<Database, 'query'>,
  request: StatusChangeRequest,
  event: OrderEvent,
): Promise<Standing | undefined> {
  const { orderId, status, expectedVersion } = request;
  const order = await lockOrder(db, orderId);
  const decision = decide(order, {
    ...event,
    eventId: event.id,
    notify: true,
    manual: { expectedVersion },
  } satisfies PendingEvent);
  if (decision.outcome !== 'rejected') return { order };
  const conflict = { status: 'version-conflict', currentVersion: order.version } as const;
  if (decision.code === 'version-conflict') return { order, refusal: conflict };
  if (order.status === null) {
    if (!(await isStepOpen(db, orderId, ['order.created']))) return undefined;
    return expectedVersion === null ? { order } : { order, refusal: conflict };
  }
  // An unreachable status is always refused. A reachable one is refused only if no accepted event can lead there.
  const mayStillFit = isReachable(order.status, status) && (await isStepOpen(db, orderId, statusTypes));
  if (mayStillFit) return { order };
  return { order, refusal: { status: 'transition-not-allowed', current: order.status, allowed: decision.allowed } };
}

/** Without its data, because no decision about a status depends on them. */
async function lockOrder(db: Pick<Database, 'query'>, orderId: string): Promise<OrderState> {
  const [row] = await db.query<{ status: OrderStatus | null; version: number }>(
    'select status, version from orders where order_id = $1 for share',
    [orderId],
  );
  return { ...placeholderOf(orderId), ...row };
}

const statusTypes: readonly OrderEvent['type'][] = ['order.created', 'order.status_changed', 'order.cancelled'];

/** Whether an accepted event of these types is still to be applied. Parked events do not count: they wait for others. */
async function isStepOpen(db: Pick<Database, 'query'>, orderId: string, types: readonly OrderEvent['type'][]): Promise<boolean> {
  const rows = await db.query(
    `select from jobs j join events e on e.event_id = j.id
     where j.order_id = $1 and j.destination is null and j.name = 'apply-order-event' and j.state = 'runnable' and e.type = any($2)
     limit 1`,
    [orderId, types],
  );
  return rows.length > 0;
}

function eventOf({ orderId, status, reason, notify }: StatusChangeRequest): OrderEvent {
  const common = { id: uuidv7(), source: manualSource, orderId, occurredAt: new Date().toISOString(), notify };
  return status === 'cancelled'
    ? { ...common, type: 'order.cancelled', data: { reason } }
    : { ...common, type: 'order.status_changed', data: { status, reason } };
}
