import { applyOrderEvent } from '@orderly/contracts';
import { fingerprintOf, type JobOutcome, type NewJob } from '@orderly/jobs';
import type { AppliedDecision, Decision, RejectedDecision } from '@orderly/orders';
import type { Alert } from '../alerts/raise-alerts';
import { deadLetterAlert } from '../alerts/settlement-alerts';
import { auditRow } from '../audit/audit-entry';
import type { NewMessage, PlannedEvent } from './order-plan';

/** A row by its columns; the key has a type of its own. */
type Row<Key extends string> = Readonly<Record<Key, string> & Record<string, unknown>>;

/** What one transaction writes, as rows. */
export interface PlanRows {
  readonly orders: readonly Row<'order_id'>[];
  readonly changes: readonly object[];
  readonly ended: readonly Row<'id'>[];
  readonly parked: readonly Row<'id'>[];
  readonly syncs: readonly NewJob[];
  readonly messages: readonly NewMessage[];
  readonly audit: readonly object[];
  readonly alerts: readonly Alert[];
}

/** The plans of many orders as rows. */
export function planRows(plans: readonly (readonly PlannedEvent[])[]): PlanRows {
  const planned = plans.flat();
  return {
    orders: plans.flatMap(orderRows),
    changes: planned.flatMap(changeRows),
    ended: planned.flatMap(endedRows),
    parked: planned.flatMap(({ event, deadline }) => (deadline ? [{ id: event.eventId, run_at: deadline }] : [])),
    syncs: planned.flatMap(({ followUps }) => followUps?.syncs ?? []),
    messages: planned.flatMap(({ followUps }) => followUps?.messages ?? []),
    audit: planned.flatMap(({ audit }) => (audit ? [auditRow(audit)] : [])),
    alerts: planned.flatMap(alertsOf),
  };
}

const outcomes = { applied: 'done', duplicate: 'duplicate', superseded: 'superseded', rejected: 'dead' } as const;

/** How the job of a decided event ends; undefined while the event is parked. */
export const outcomeOf = ({ outcome }: Decision): JobOutcome | undefined =>
  outcome === 'parked' ? undefined : outcomes[outcome];

type Applied = PlannedEvent & { readonly decision: AppliedDecision };
const isApplied = (planned: PlannedEvent): planned is Applied => planned.decision.outcome === 'applied';

/**
 * The order as the last change leaves it; none if nothing was applied. Null data stay unchanged: most events change only
 * the status, and PostgreSQL would rewrite large data each time.
 */
function orderRows(plan: readonly PlannedEvent[]): Row<'order_id'>[] {
  const [first] = plan;
  const next = plan.findLast(isApplied)?.decision.next;
  if (first === undefined || next === undefined) return [];
  const row = {
    order_id: next.orderId,
    status: next.status,
    version: next.version,
    data: next.data === first.before.data ? null : next.data,
    key_times: next.keyTimes === first.before.keyTimes ? null : next.keyTimes,
    status_occurred_at: next.statusOccurredAt,
  };
  return [row];
}

function changeRows(planned: PlannedEvent): object[] {
  if (!isApplied(planned)) return [];
  const { event, before, decision } = planned;
  const { next, change, skipped } = decision;
  const row = {
    order_id: next.orderId,
    version: next.version,
    from_status: change.from,
    to_status: change.to,
    skipped,
    occurred_at: change.at,
    reason: change.reason,
    event_id: event.eventId,
    data: next.data === before.data ? null : next.data,
  };
  return [row];
}

function endedRows({ event, decision, refusal }: PlannedEvent): Row<'id'>[] {
  const outcome = outcomeOf(decision);
  if (outcome === undefined) return [];
  const row = {
    id: event.eventId,
    outcome,
    result_version: decision.outcome === 'applied' ? decision.next.version : null,
    error_message: refusal,
    trace_id: event.traceparent?.split('-')[1],
    ...(decision.outcome === 'rejected' ? deadLetterColumns(decision) : {}),
  };
  return [row];
}

const deadLetterColumns = (decision: RejectedDecision): object => ({
  error_code: decision.code,
  fingerprint: rejectionFingerprint(decision),
  detail: rejectionDetail(decision),
});

const rejectionFingerprint = ({ code }: RejectedDecision): string =>
  fingerprintOf(code, { destination: null, name: applyOrderEvent.name });

const alertsOf = ({ event, decision }: PlannedEvent): Alert[] =>
  decision.outcome === 'rejected' ? [deadLetterAlert(rejectionFingerprint(decision), decision.code, event.eventId)] : [];

/** The transitions that are allowed instead. An unknown order has none. */
const rejectionDetail = ({ code, current, currentVersion, allowed }: RejectedDecision): object | undefined =>
  code === 'order-unknown' ? undefined : { current, currentVersion, allowed };
