import { EventBatchLimit, type Problem } from '@orderly/contracts';
import { metrics } from '@orderly/observability';
import { problemOf } from '../../problem';
import { RequestRefused } from '../../request-refused';
import { checkEvent, type CheckedEvent } from './check-event';
import { takeEvents, type RequestFacts, type TakeEventsDependencies } from './take-events';

/** What became of each event of a batch. */
export interface BatchAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly BatchResult[];
}

interface BatchResult {
  /** Place in the request, from 0. */
  readonly index: number;
  /** The producer's id; null where the event has none that can be shown. */
  readonly id: string | null;
  readonly eventId?: string;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly problem?: Problem;
}

/** Takes the good events of a batch in its order, and names the bad. */
export async function takeBatch(
  bodies: readonly unknown[],
  facts: RequestFacts,
  deps: TakeEventsDependencies,
): Promise<BatchAnswer> {
  if (bodies.length > EventBatchLimit) {
    throw new RequestRefused('batch-too-large', { faults: [{ pointer: '#', detail: `has ${bodies.length} events` }] });
  }
  if (bodies.length === 0) throw new RequestRefused('validation-failed', { faults: [{ pointer: '#', detail: 'has no event' }] });

  const checks = bodies.map(check);
  const good = checks.flatMap((one) => ('event' in one ? [one] : []));
  const bad = bodies.length - good.length;
  if (bad > 0) metrics.eventsAccepted.add({ type: 'unknown', result: 'rejected' }, bad);

  const outcomes = good.length === 0 ? [] : await takeEvents(good, facts, deps);
  const nextOutcome = outcomes.values();
  const results = checks.map((one, index): BatchResult => {
    const id = shownId(bodies[index]);
    if (!('event' in one)) return { index, id, status: 'rejected', problem: problemOf(one.refusal) };
    const outcome = nextOutcome.next().value;
    if (outcome === undefined) throw new Error('The intake gave too few results');
    const { status, eventId } = outcome;
    return status === 'reused'
      ? { index, id, status: 'rejected', problem: problemOf(idReused(index)) }
      : { index, id, eventId, status };
  });
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
