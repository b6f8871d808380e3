import type { Actor } from '@orderly/contracts';
import { targetStatus, waitsFor, type Decision, type OrderState } from '@orderly/orders';
import type { UnappliedEvent } from '../orders/read-orders';
import type { AuditEntry } from './audit-entry';

export interface DecidedEvent {
  /** As it was before the decision. */
  readonly order: OrderState;
  readonly event: UnappliedEvent;
  readonly decision: Decision;
  /** Of a parked event. */
  readonly deadline?: Date;
  /** The words of a rejection. */
  readonly refusal?: string;
  readonly traceId?: string;
}

/** What the audit trail says of a decided event. Who did it is who sent it, but for what happens because a deadline has passed. */
export function decisionEntry({ order, event, decision, deadline, refusal, traceId }: DecidedEvent): AuditEntry {
  const { reason } = event.data;
  const entry: AuditEntry = {
    action: `event.${decision.outcome}`,
    actor: isForcedByDeadline(event, decision) ? orderly : event.actor,
    orderId: order.orderId,
    eventId: event.eventId,
    source: event.source,
    fromStatus: order.status,
    toStatus: targetStatus(event),
    version: order.version,
    reason: refusal ?? (typeof reason === 'string' ? reason : undefined),
    traceId,
  };
  switch (decision.outcome) {
    case 'applied': {
      const { change, next, skipped } = decision;
      return { ...entry, toStatus: change.to, version: next.version, ...(skipped.length > 0 && { detail: { skipped } }) };
    }
    case 'parked':
      return { ...entry, detail: { deadline, waitsFor: waitsFor(order.status, event) } };
    case 'rejected':
      if (decision.code === 'order-unknown') return { ...entry, code: decision.code };
      return { ...entry, code: decision.code, detail: { current: decision.current, allowed: decision.allowed } };
    default:
      return entry;
  }
}

/** What the system does by itself. */
const orderly: Actor = { name: 'orderly', apiKeyId: null, onBehalfOf: null };

function isForcedByDeadline({ parkedUntil }: UnappliedEvent, decision: Decision): boolean {
  if (parkedUntil === undefined) return false;
  if (decision.outcome === 'applied') return decision.skipped.length > 0;
  return decision.outcome === 'rejected' && (decision.code === 'parked-too-long' || decision.code === 'order-unknown');
}
