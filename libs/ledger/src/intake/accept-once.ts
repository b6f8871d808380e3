import { coalesced, type Database, type Query, retried } from '@orderly/database';
import { acceptEvents, type AcceptedEvent, type IntakeResult } from './accept-events';
import { runEachOnce, type Answer, type Executed, type KeyedRequest, type OnceOptions, type OnceResult } from './run-once';

/** Events that were sent under an `Idempotency-Key`. */
export interface EventsRequest {
  readonly request: KeyedRequest;
  readonly events: readonly AcceptedEvent[];
  /** The answer, from what became of each event, in their order. Pure: it may be asked more than once. */
  readonly answer: (results: readonly IntakeResult[]) => Answer;
}

/** Takes the events of a request in, or finds the answer that it got before. Resolves when all is committed. */
export type AcceptOnce = (request: EventsRequest) => Promise<OnceResult<readonly IntakeResult[]>>;

export interface AcceptOnceOptions extends OnceOptions {
  /** How many requests with a single event shared a transaction. */
  readonly onBatch?: (size: number) => void;
}

const maxRequests = 200;
/** While one transaction waits for its commit another is being filled. */
const maxTransactions = 2;

/** Requests with a single event that arrive at the same time share one transaction; a batch has its own. */
export function createAcceptOnce(db: Database, { onBatch, ...options }: AcceptOnceOptions): AcceptOnce {
  const run = (requests: readonly EventsRequest[]): Promise<OnceResult<readonly IntakeResult[]>[]> =>
    runEachOnce(db, requests, options, acceptAll);
  const runSingle = coalesced({
    run,
    maxBatch: maxRequests,
    maxInFlight: maxTransactions,
    onBatch,
  });
  return async (request) => {
    if (request.events.length === 1) return runSingle(request);
    const [result] = await retried(() => run([request]));
    return result as OnceResult<readonly IntakeResult[]>;
  };
}

/**
 * One call for all requests: it locks their event ids in one order, as every intake does. Several calls in one transaction could
 * wait for another intake in a circle.
 */
async function acceptAll(
  query: Query,
  requests: readonly EventsRequest[],
): Promise<readonly Executed<readonly IntakeResult[]>[]> {
  const results = await acceptEvents(
    { query },
    requests.flatMap(({ events }) => events),
  );
  let next = 0;
  return requests.map(({ events, answer }) => {
    const value = results.slice(next, (next += events.length));
    return { answer: answer(value), value };
  });
}
