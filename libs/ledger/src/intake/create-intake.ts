import { createCoalescer } from '@orderly/jobs';
import { type Database, isDatabaseAway, retried } from '@orderly/database';
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
  const store = (events: readonly Candidate[]): Promise<IntakeResult[]> => retried(() => acceptCandidates(db, events));
  const storeSingle = createCoalescer<Candidate, IntakeResult>({
    run: store,
    maxBatch: maxSingleEvents,
    maxInFlight: maxStatements,
    isItemFault: (error) => !isDatabaseAway(error),
    onBatch,
  });
  return async (accepted) => {
    const events = accepted.map(candidateOf);
    const [first, second] = events;
    if (first === undefined) return [];
    return second === undefined ? [await storeSingle(first)] : store(events);
  };
}
