import { EventBatchLimit } from '@orderly/contracts';
import type { IntakeResult } from '@orderly/ledger';
import { metrics } from '@orderly/observability';
import type { FastifyRequest } from 'fastify';
import { traceIdOfRequest } from '../../http/http-server';
import { jsonAnswer, problemAnswer } from '../../http/answer';
import { problemOf } from '../../http/problem';
import { RequestRefused } from '../../http/request-refused';
import { checkEvent, type CheckedEvent } from '../../intake/check-event';
import type { CheckedRequest } from '../../intake/take-events';
import type { BatchTaken } from './schema';

/** Checks an array of events. Valid events are stored although others are invalid; the response has a result for each. */
export function checkBatch(bodies: readonly unknown[], request: FastifyRequest): CheckedRequest {
  if (bodies.length > EventBatchLimit) {
    throw new RequestRefused('batch-too-large', { faults: [{ pointer: '#', detail: `has ${bodies.length} events` }] });
  }
  if (bodies.length === 0) throw new RequestRefused('validation-failed', { faults: [{ pointer: '#', detail: 'has no event' }] });

  const checks = bodies.map((body, index) => ({ id: shownId(body), ...check(body, index) }));
  const events = checks.flatMap((one) => ('event' in one ? [one] : []));
  const bad = bodies.length - events.length;
  if (bad > 0) metrics.eventsAccepted.add({ type: 'unknown', result: 'rejected' }, bad);

  const traceId = traceIdOfRequest(request);
  return {
    events,
    answer(outcomes) {
      const outcomeOf = new Map(events.map((one, index) => [one, outcomes[index]]));
      const results = checks.map((one, index) =>
        'event' in one ? resultOf(one, index, outcomeOf.get(one)) : refusedResult(one, index, maxFaults / bad),
      );
      const taken = summaryOf(results);
      return taken.rejected < bodies.length
        ? jsonAnswer(202, taken)
        : problemAnswer(new RequestRefused('batch-rejected'), traceId, taken);
    },
  };
}

type BatchResult = BatchTaken['results'][number];

/** The producer's id; null if the event has no id or an unusable one. */
type Check = { readonly id: string | null } & (CheckedEvent | { readonly refusal: RequestRefused });
type Refused = Extract<Check, { readonly refusal: RequestRefused }>;

function resultOf({ id }: Check, index: number, outcome: IntakeResult | undefined): BatchResult {
  if (outcome === undefined) throw new Error('The intake gave too few results');
  const { status, eventId } = outcome;
  return status === 'reused'
    ? { index, id, status: 'rejected', problem: problemOf(idReused(index)) }
    : { index, id, eventId, status };
}

/** The most faults in one response. With twenty per event, a batch of a thousand would get a response many times its own size. */
const maxFaults = 2000;

function refusedResult({ id, refusal }: Refused, index: number, mostFaults: number): BatchResult {
  const { code, detail, faults } = refusal;
  const shown = new RequestRefused(code, { detail, faults: faults.slice(0, mostFaults) });
  return { index, id, status: 'rejected', problem: problemOf(shown) };
}

function summaryOf(results: readonly BatchResult[]): BatchTaken {
  const count = (status: BatchResult['status']): number => results.filter((result) => result.status === status).length;
  return { accepted: count('accepted'), duplicates: count('duplicate'), rejected: count('rejected'), results };
}

const idReused = (index: number): RequestRefused =>
  new RequestRefused('event-id-reused', { faults: [{ pointer: `#/${index}/id`, detail: 'belongs to another event' }] });

function check(body: unknown, index: number): CheckedEvent | { readonly refusal: RequestRefused } {
  try {
    return checkEvent(body, [index]);
  } catch (error) {
    if (error instanceof RequestRefused) return { refusal: error };
    throw error;
  }
}

function shownId(body: unknown): string | null {
  const id: unknown = typeof body === 'object' && body !== null && 'id' in body ? body.id : null;
  return typeof id === 'string' && id.length <= 200 ? id : null;
}
