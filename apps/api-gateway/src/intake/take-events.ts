import type { Actor } from '@orderly/contracts';
import type { Answer, Intake, IntakeRequest, IntakeResult, KeyedRequest, OnceResult } from '@orderly/ledger';
import { metrics } from '@orderly/observability';
import type { Relay } from '@orderly/queue';
import type { FastifyRequest } from 'fastify';
import { setTimeout as pause } from 'node:timers/promises';
import { traceIdOfRequest } from '../http/http-server';
import { ledgerDeadlineMs, orUnavailable } from '../http/or-unavailable';
import { databaseUnavailable } from '../http/request-refused';
import type { CheckedEvent } from './check-event';
import { inCreateSpan } from './in-create-span';

export interface TakeEventsDependencies {
  readonly intake: Intake;
  readonly relay: Relay;
}

/** What a request asks for, and how its answer follows from what becomes of it. */
export interface CheckedRequest {
  /** The events that may be stored, in the order of the request. */
  readonly events: readonly CheckedEvent[];
  /** Pure; takes one result per event, in their order. */
  readonly answer: (results: readonly IntakeResult[]) => Answer;
}

interface EventsRequest extends CheckedRequest {
  readonly request: FastifyRequest;
  readonly batch: string | null;
  readonly actor: Actor;
  /** Set for a request whose repetitions get the same answer. */
  readonly key?: KeyedRequest;
  /** Waits for the end of an earlier request with the same key, instead of saying that it is in progress. */
  readonly waitsForTwin?: boolean;
}

/**
 * Commits the events of a request, then hands their jobs over; or finds the answer that it got before. Resolves as soon as the
 * events are committed.
 *
 * @throws RequestRefused `database-unavailable` if that takes too long. A request whose turn has not come by then is dropped.
 */
export async function takeEvents(
  { request, events, batch, actor, waitsForTwin = false, ...rest }: EventsRequest,
  { intake, relay }: TakeEventsDependencies,
): Promise<OnceResult<readonly IntakeResult[]>> {
  const requestTraceId = traceIdOfRequest(request);
  const result = await inCreateSpan(attributesOf(events), request.headers, async (trace, span) => {
    const asked: IntakeRequest = {
      ...rest,
      events: events.map((event) => ({ ...event, batch, actor, requestTraceId, ...trace })),
      isWanted: () => !request.raw.socket.destroyed,
    };
    const taken = await (waitsForTwin ? takeWhenFree(intake, asked) : orUnavailable(intake.take(asked)));
    if (taken.status === 'done' && taken.value.length === 1) {
      span?.setAttribute('messaging.message.id', taken.value[0]?.eventId ?? '');
    }
    return taken;
  });
  const results = result.status === 'done' ? result.value : [];
  relay(results.flatMap((one) => (one.status === 'accepted' ? [one.job] : [])));
  for (const [index, { status }] of results.entries()) {
    metrics.eventsAccepted.add({ type: events[index]?.event.type ?? 'unknown', result: status });
  }
  return result;
}

/** @throws RequestRefused `database-unavailable` when the end of the earlier request takes too long */
async function takeWhenFree(intake: Intake, request: IntakeRequest): Promise<OnceResult<readonly IntakeResult[]>> {
  const giveUpAt = Date.now() + ledgerDeadlineMs;
  for (let waitMs = 10; Date.now() < giveUpAt; waitMs = Math.min(2 * waitMs, 200)) {
    const result = await orUnavailable(intake.take(request), giveUpAt - Date.now());
    if (result.status !== 'in-progress') return result;
    await pause(waitMs);
  }
  throw databaseUnavailable();
}

const attributesOf = (events: readonly CheckedEvent[]): Record<string, string | number | undefined> =>
  events.length === 1 ? { 'orderly.order.id': events[0]?.event.orderId } : { 'messaging.batch.message_count': events.length };
