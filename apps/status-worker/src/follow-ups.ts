import { sendNotification, syncOrder, type OrderEventType } from '@orderly/contracts';
import { newJob, type NewJob } from '@orderly/jobs';
import type { FollowUps, NewMessage, UnappliedEvent } from '@orderly/ledger';
import { notificationKindOf } from '@orderly/messaging';
import type { AppliedDecision } from '@orderly/orders';

/** The facts of a destination that the fan-out uses: it needs no URL and no secret. */
export interface SyncedDestination {
  readonly name: string;
  /** Types of events whose changes are sent to the destination. */
  readonly events: readonly OrderEventType[];
}

/** Plans the jobs of a change: one per destination that wants such events, and a message if the change notifies the customer. */
export function planFollowUps(
  decision: AppliedDecision,
  event: UnappliedEvent,
  destinations: readonly SyncedDestination[],
): FollowUps {
  return {
    syncs: destinations.filter(({ events }) => events.includes(event.type)).map(({ name }) => syncOf(decision, event, name)),
    messages: messagesOf(decision, event),
  };
}

function syncOf(decision: AppliedDecision, event: UnappliedEvent, destination: string): NewJob {
  const { orderId, version } = decision.next;
  return newJob(syncOrder, { destination, orderId, version }, { ...jobFacts(decision, event), destination });
}

/**
 * A message is planned even if the customer has no address. It ends as `undeliverable`, so that support can see why no mail
 * was sent.
 */
function messagesOf(decision: AppliedDecision, event: UnappliedEvent): NewMessage[] {
  const kind = decision.kind === 'status' ? notificationKindOf(decision.change) : undefined;
  if (kind === undefined || !event.notify) return [];
  const { orderId, version, data } = decision.next;
  const job = newJob(sendNotification, { orderId, version, kind }, jobFacts(decision, event));
  const { email } = data['customer'] as { email?: string };
  return [{ job, kind, channel: 'email', recipient: email ?? null }];
}

/** Batch and trace come from the event, so that its jobs can be found by either. */
const jobFacts = ({ next }: AppliedDecision, { batch, traceparent, tracestate }: UnappliedEvent) => ({
  orderId: next.orderId,
  version: next.version,
  batch,
  traceparent,
  tracestate,
});
