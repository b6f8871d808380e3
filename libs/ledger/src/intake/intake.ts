import { coalesced, type Database, type Query } from '@orderly/database';
import { acceptCandidates, type AcceptedEvent, type Candidate, candidateOf, type IntakeResult } from './accept-events';
import { type Answer, type Executed, type KeyedRequest, type OnceResult, runEachOnce } from './run-once';

/** A request that brings events. */
export interface IntakeRequest {
  readonly events: readonly AcceptedEvent[];
  /** Set for a request whose repetitions get the same answer. */
  readonly key?: KeyedRequest;
  /** Makes the answer from the result of each event, in their order. Pure, because it may run more than once. */
  readonly answer: (results: readonly IntakeResult[]) => Answer;
  /** False once nobody waits for the answer: then the request is dropped unstored, if its turn has not come yet. */
  readonly isWanted?: () => boolean;
}

/** Stores events: single events and arrays, with or without an `Idempotency-Key`, through one bounded queue. */
export interface Intake {
  /**
   * Resolves when all events of the request are committed, or with the answer that the request got before.
   *
   * @throws RetryableError `overloaded` if the request was refused or dropped before its turn: nothing of it is stored. Any other
   * error leaves open whether it was stored: its events are duplicates if they are sent again
   */
  take(request: IntakeRequest): Promise<OnceResult<readonly IntakeResult[]>>;
  /** How long the next request has waited, in ms; 0 if none waits. */
  longestWaitMs(): number;
}

export interface IntakeOptions {
  /** Events that may wait for their turn; further requests are refused at once. @defaultValue no limit */
  readonly maxWaiting?: number;
  /**
   * A request that has waited longer is dropped when its turn comes: the statement would come too late for its caller.
   * @defaultValue no limit
   */
  readonly maxWaitMs?: number;
  /** How many requests shared a statement or a transaction. */
  readonly onBatch?: (size: number) => void;
}

/** Events of one statement; a request with more of them has its own. */
const maxEvents = 200;
/** One statement fills while another waits for its commit. More statements at once would only make each smaller. */
const maxStatements = 2;

/** Requests that arrive at the same time share one statement, or one transaction if any of them has a key. */
export function createIntake(db: Database, { maxWaiting, maxWaitMs = Infinity, onBatch }: IntakeOptions = {}): Intake {
  const run = coalesced<Waiting, OnceResult<readonly IntakeResult[]>>({
    run: (requests) => (requests.some(({ key }) => key !== undefined) ? takeOnce(db, requests) : takeAll(db, requests)),
    maxBatch: maxEvents,
    maxInFlight: maxStatements,
    weightOf: ({ candidates }) => Math.max(candidates.length, 1),
    isWanted: ({ isWanted, sendBy }) => performance.now() < sendBy && (isWanted?.() ?? true),
    maxWaiting,
    // The statement may take as long as the wait before it.
    maxBatchMs: maxWaitMs,
    onBatch,
  });
  return {
    take: (request) => run({ ...request, candidates: request.events.map(candidateOf), sendBy: performance.now() + maxWaitMs }),
    longestWaitMs: run.longestWaitMs,
  };
}

type Waiting = IntakeRequest & { readonly candidates: readonly Candidate[]; readonly sendBy: number };

async function takeAll(db: Database, requests: readonly Waiting[]): Promise<OnceResult<readonly IntakeResult[]>[]> {
  const executed = await accept(db, requests);
  return executed.map((one) => ({ status: 'done', ...one }));
}

const takeOnce = (db: Database, requests: readonly Waiting[]): Promise<OnceResult<readonly IntakeResult[]>[]> =>
  runEachOnce(db, requests, (query, fresh) => accept({ query }, fresh));

/**
 * One call for all requests: it locks their event ids in one order, as every intake does. Several calls in one transaction could
 * deadlock with another intake.
 */
async function accept(
  db: { readonly query: Query },
  requests: readonly Waiting[],
): Promise<readonly Executed<readonly IntakeResult[]>[]> {
  const results = await acceptCandidates(
    db,
    requests.flatMap(({ candidates }) => candidates),
  );
  let next = 0;
  return requests.map(({ candidates, answer }) => {
    const value = results.slice(next, (next += candidates.length));
    return { answer: answer(value), value };
  });
}
