import { queueNames, type Actor } from '@orderly/contracts';
import type { Intake, IntakeResult } from '@orderly/database';
import {
  currentTraceContext,
  inSpan,
  metrics,
  traceContextFromHeaders,
  type SpanOptions,
  type TraceContext,
} from '@orderly/observability';
import type { IncomingHttpHeaders } from 'node:http';
import type { Relay } from '@orderly/queue';
import { within } from '../../within';
import type { CheckedEvent } from './check-event';

export interface TakeEventsDependencies {
  readonly intake: Intake;
  readonly relay: Relay;
}

/** What a request says about all of its events. */
export interface RequestFacts {
  readonly batch: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly actor: Actor;
}

/** Commits events, then hands their jobs over. Resolves as soon as they are committed. */
export async function takeEvents(
  events: readonly CheckedEvent[],
  { batch, headers, actor }: RequestFacts,
  { intake, relay }: TakeEventsDependencies,
): Promise<IntakeResult[]> {
  const store = (trace: TraceContext | undefined): Promise<IntakeResult[]> =>
    within(intake(events.map((event) => ({ ...event, batch, actor, ...traceColumns(trace) }))));
  // Where tracing is off, what the producer sent travels on unchanged.
  const isTraced = currentTraceContext() !== undefined;
  const results = await (isTraced
    ? inSpan(`create ${queueNames.orderStatus}`, spanOptions(events), async (span) => {
        const stored = await store(currentTraceContext());
        if (stored[0] && stored.length === 1) span.setAttribute('messaging.message.id', stored[0].eventId);
        return stored;
      })
    : store(traceContextFromHeaders(headers)));

  relay(results.flatMap((result) => (result.status === 'accepted' ? [result.job] : [])));
  for (const [index, { status }] of results.entries()) {
    metrics.eventsAccepted.add({ type: events[index]?.event.type ?? 'unknown', result: status });
  }
  return results;
}

/** Longer ones are no W3C headers any more. */
const maxTraceLength = 512;

const traceColumns = (trace: TraceContext | undefined) => ({
  traceparent: trace && trace.traceparent.length <= maxTraceLength ? trace.traceparent : null,
  tracestate: trace?.tracestate && trace.tracestate.length <= maxTraceLength ? trace.tracestate : null,
});

const spanOptions = (events: readonly CheckedEvent[]): SpanOptions => ({
  kind: 'producer',
  attributes: {
    'messaging.system': 'bullmq',
    'messaging.operation.type': 'create',
    'messaging.operation.name': 'create',
    'messaging.destination.name': queueNames.orderStatus,
    ...(events.length === 1
      ? { 'orderly.order.id': events[0]?.event.orderId }
      : { 'messaging.batch.message_count': events.length }),
  },
});
