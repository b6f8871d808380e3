import { sendNotification, syncOrder, type OrderEventType } from '@orderly/contracts';
import type { AppliedEvent, FollowUps } from '@orderly/ledger';
import { newJob, type NewJob } from '@orderly/jobs';
import { notificationKindOf } from '@orderly/messaging';

/** What the fan-out needs to know of a destination. */
export interface SyncedDestination {
  readonly name: string;
  readonly events: readonly OrderEventType[];
}

/** Plans who has to be told of a change: every destination that wants such events, and the customer where the change notifies. */
export const createFollowUps =
  (destinations: readonly SyncedDestination[]) =>
  (applied: AppliedEvent): FollowUps => ({
    syncs: destinations.filter(({ events }) => events.includes(applied.event.type)).map(({ name }) => syncOf(applied, name)),
    messages: messagesOf(applied),
  });

function syncOf(applied: AppliedEvent, destination: string): NewJob {
  const { orderId, version } = applied;
  return newJob(syncOrder, { destination, orderId, version }, { ...jobFacts(applied), destination });
}

function messagesOf(applied: AppliedEvent): FollowUps['messages'] {
  const kind = applied.kind === 'status' ? notificationKindOf(applied.change) : undefined;
  if (kind === undefined || !applied.event.notify) return [];
  const { orderId, version, data } = applied;
  const job = newJob(sendNotification, { orderId, version, kind }, jobFacts(applied));
  const { email } = data.customer as { email?: string };
  return [{ job, kind, channel: 'email', recipient: email ?? null }];
}

const jobFacts = ({ orderId, version, batch, traceparent, tracestate }: AppliedEvent) => ({
  orderId,
  version,
  batch,
  traceparent,
  tracestate,
});
