import type { Actor } from '@orderly/contracts';
import type { AuditEntry, PlannedEvent, UnappliedEvent } from '@orderly/ledger';
import { traceIdOf } from '@orderly/observability';
import { targetStatus, waitsFor, type Decision } from '@orderly/orders';

type DecidedEvent = Pick<PlannedEvent, 'event' | 'before' | 'decision' | 'deadline' | 'refusal'>;

/** Words the audit entry of a decided event. Its actor is the sender, or Orderly itself if a deadline forced the decision. */
export function decisionEntry({ event, before, decision, deadline, refusal }: DecidedEvent): AuditEntry {
  const { reason } = event.data;
  const entry: AuditEntry = {
    action: `event.${decision.outcome}`,
    actor: isForcedByDeadline(event, decision) ? orderly : event.actor,
    orderId: before.orderId,
    eventId: event.eventId,
    source: event.source,
    fromStatus: before.status,
    toStatus: targetStatus(event),
    version: before.version,
    reason: refusal ?? (typeof reason === 'string' ? reason : undefined),
    traceId: traceIdOf(event.traceparent),
  };
  switch (decision.outcome) {
    // The order's new status and version, where the entry has those before the event.
    case 'applied': {
      const { change, next, skipped } = decision;
      return { ...entry, toStatus: change.to, version: next.version, ...(skipped.length > 0 && { detail: { skipped } }) };
    }
    case 'parked':
      return { ...entry, detail: { deadline, waitsFor: waitsFor(before.status, event) } };
    case 'rejected':
      if (decision.code === 'order-unknown') return { ...entry, code: decision.code };
      return { ...entry, code: decision.code, detail: { current: decision.current, allowed: decision.allowed } };
    default:
      return entry;
  }
}

/** The actor of changes that the system makes by itself. */
const orderly: Actor = { name: 'orderly', apiKeyId: null, onBehalfOf: null };

/** An event that never waited cannot have missed a deadline, whatever its decision. */
function isForcedByDeadline({ parkedUntil }: UnappliedEvent, decision: Decision): boolean {
  if (parkedUntil === undefined) return false;
  if (decision.outcome === 'applied') return decision.skipped.length > 0;
  return decision.outcome === 'rejected' && (decision.code === 'parked-too-long' || decision.code === 'order-unknown');
}
