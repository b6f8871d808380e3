import { coalesced, type Database, retried } from '@orderly/database';
import { acceptCandidates, candidateOf, type AcceptedEvent, type Candidate, type IntakeResult } from './accept-events';

/** Takes events in. Resolves when they are committed; all events of a call, or none. */
export type Intake = (events: readonly AcceptedEvent[]) => Promise<IntakeResult[]>;

export interface IntakeOptions {
  /** How many single events shared a statement. */
  readonly onBatch?: (size: number) => void;
}

const maxSingleEvents = 200;
/** While one statement waits for its commit another is being filled; more of them would only make each smaller. */
const maxStatements = 2;

/** Single events that arrive at the same time share one statement; a batch has its own. */
export function createIntake(db: Database, { onBatch }: IntakeOptions = {}): Intake {
  const store = (events: readonly Candidate[]): Promise<IntakeResult[]> => acceptCandidates(db, events);
  const storeSingle = coalesced<Candidate, IntakeResult>({
    run: store,
    maxBatch: maxSingleEvents,
    maxInFlight: maxStatements,
    onBatch,
  });
  return async (accepted) => {
    const events = accepted.map(candidateOf);
    const [first, second] = events;
    if (first === undefined) return [];
    return second === undefined ? [await storeSingle(first)] : retried(() => store(events));
  };
}
