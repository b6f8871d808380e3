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

/** The events of a request, and a function that makes the response from their results. */
export interface CheckedRequest {
  /** The events that may be stored, in the order of the request. */
  readonly events: readonly CheckedEvent[];
  /** Must be pure: it may run again if the transaction is repeated. Takes one result per event, in their order. */
  readonly answer: (results: readonly IntakeResult[]) => Answer;
}

interface EventsRequest extends CheckedRequest {
  readonly request: FastifyRequest;
  readonly batch: string | null;
  readonly actor: Actor;
  /** If set, a retry with the same key gets the stored answer. */
  readonly key?: KeyedRequest;
  /**
   * If an earlier request with the same key is in progress, wait for it instead of refusing this one.
   * @defaultValue false
   */
  readonly waitsForTwin?: boolean;
}

/**
 * Commits the events of a request and hands their jobs over, or finds the stored answer of an earlier request. Resolves after
 * the commit. It does not wait for Redis: the sweep finds jobs that were not handed over.
 *
 * @throws RequestRefused `database-unavailable` if the commit takes too long. A request that still waits by then is dropped.
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
      // A client that hung up will retry: storing its events would only add load.
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

/**
 * Polls until the earlier request ends: 10 ms at first, at most 200 ms. Its gateway may be another process.
 *
 * @throws RequestRefused `database-unavailable` after {@link ledgerDeadlineMs}
 */
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
