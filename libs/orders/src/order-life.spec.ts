import type { OrderStatus } from '@orderly/contracts';
import fc from 'fast-check';
import { applyEvents, type EventOutcome } from './apply-events';
import { placeholderOf, type OrderState, type PendingEvent } from './order-state';
import { allowedFrom } from './status-graph';
import { buildPendingEvent } from './testing';

const now = '2026-02-01T00:00:00.000Z';
const deadline = '2026-02-01T00:15:00.000Z';

const fullLife: OrderStatus[] = ['pending', 'confirmed', 'processing', 'shipped', 'delivered', 'returned', 'refunded'];
const everyLife = livesFrom(['pending']);

/** The time at which the events of a life occurred, by their position. */
const clocks = {
  increasing: (index: number) => `2026-01-01T00:0${index}:00.000Z`,
  'all in one minute': () => '2026-01-01T00:00:00.000Z',
  'in pairs of one minute': (index: number) => `2026-01-01T00:0${index >> 1}:00.000Z`,
};

/** Each duplicate: the repeated event, its position, and whether it has the same id or a new one. */
const duplicates = fc.array(fc.record({ event: fc.nat(), position: fc.nat(), hasSameId: fc.boolean() }), { maxLength: 10 });
/** The positions that separate the calls of `applyEvents`; parked events are carried over. */
const cuts = fc.array(fc.nat(16), { maxLength: 8 });

describe('the life of an order', () => {
  test('every permutation of the longest life, with duplicates and in any batches, ends in refunded', () => {
    const permutations = permutationsOf(fullLife.map((status, index) => eventOf(status, clocks.increasing(index))));
    expect(new Set(permutations.map((events) => events.map(({ eventId }) => eventId).join(' '))).size).toBe(5040);
    // Enough choices for many combinations per permutation, and few enough for a readable failure.
    const perPermutation = fc.array(fc.record({ again: duplicates, cuts }), { minLength: 50, maxLength: 200 });
    fc.assert(
      fc.property(perPermutation, (choices) => {
        permutations.forEach((events, index) => {
          const { again, cuts: ends } = choices[index % choices.length] ?? { again: [], cuts: [] };
          expectLife('refunded', withDuplicates(events, again), ends);
        });
      }),
      { numRuns: 5 },
    );
  });

  test.each(Object.entries(clocks))('every permutation of every path of the graph ends where the path does (%s)', (_, clock) => {
    expect(everyLife.length).toBeGreaterThan(20);
    for (const life of everyLife) {
      const last = life.at(-1) as OrderStatus;
      const events = life.map((status, index) => eventOf(status, clock(index)));
      for (const permutation of permutationsOf(events)) {
        expectLife(last, permutation, []);
        expectLife(last, permutation, everyCut(permutation));
      }
    }
  });

  test.each(everyLife.map((life) => [life.join(' '), life] as const))('in order, every event is applied: %s', (_, life) => {
    const events = life.map((status, index) => eventOf(status, clocks.increasing(index)));
    expect(applyEvents(placeholderOf('order-1'), events, now, 'dead-letter').order).toMatchObject({ version: life.length });
  });
});

/** Applies the events in batches that end at the cuts, and throws if the result breaks a promise. */
function expectLife(end: OrderStatus, events: readonly PendingEvent[], cuts: readonly number[]): void {
  const { order, decided } = runInBatches(events, cuts);
  const story = `${events.map(({ eventId }) => eventId).join(' ')} cut at ${cuts.join(' ')}`;
  const fail = (fault: string): never => {
    throw new Error(`${fault}: ${story}`);
  };
  if (order.status !== end) fail(`ended ${order.status}, not ${end}`);
  const idsOf = (all: readonly { eventId: string }[]): string => String(all.map(({ eventId }) => eventId).toSorted());
  if (idsOf(decided) !== idsOf(events)) fail('not one outcome per event');
  const applied = decided.filter(({ decision }) => decision.outcome === 'applied');
  if (new Set(applied.map(({ eventId }) => eventId)).size !== applied.length) fail('an event was applied twice');
  let status: OrderStatus | null = null;
  let version = 0;
  for (const { eventId, decision } of decided) {
    if (decision.outcome === 'duplicate' || decision.outcome === 'superseded') continue;
    if (decision.outcome !== 'applied') return fail(`${eventId} was ${decision.outcome}`);
    const { change, next } = decision;
    if (change.from !== status || !allowedFrom(status).includes(change.to)) fail(`${change.from} to ${change.to} is no step`);
    if (next.version !== version + 1) fail(`version ${next.version} follows ${version}`);
    status = change.to;
    version = next.version;
  }
  if (order.version !== version) fail(`version ${order.version} at the end, ${version} in the history`);
}

function runInBatches(events: readonly PendingEvent[], cuts: readonly number[]): { order: OrderState; decided: EventOutcome[] } {
  const ends = [...new Set(cuts.filter((cut) => cut < events.length))].toSorted((a, b) => a - b);
  const decided: EventOutcome[] = [];
  let order = placeholderOf('order-1');
  let parked: PendingEvent[] = [];
  let start = 0;
  for (const end of [...ends, events.length]) {
    const batch = [...parked, ...events.slice(start, end)];
    const result = applyEvents(order, batch, now, 'dead-letter');
    if (result.outcomes.length !== batch.length) throw new Error('not one outcome per event of a batch');
    const waiting = new Set(
      result.outcomes.filter(({ decision }) => decision.outcome === 'parked').map(({ eventId }) => eventId),
    );
    decided.push(...result.outcomes.filter(({ eventId }) => !waiting.has(eventId)));
    parked = batch.filter(({ eventId }) => waiting.has(eventId)).map((event) => ({ ...event, parkedUntil: deadline }));
    order = result.order;
    start = end;
  }
  return {
    order,
    decided: [...decided, ...parked.map(({ eventId }) => ({ eventId, decision: { outcome: 'parked' } as const }))],
  };
}

function eventOf(status: OrderStatus, occurredAt: string): PendingEvent {
  return status === 'pending'
    ? buildPendingEvent({ eventId: 'created', type: 'order.created', data: { customer: { id: 'c-1' } }, occurredAt })
    : buildPendingEvent({ eventId: status, data: { status }, occurredAt });
}

function withDuplicates(
  events: readonly PendingEvent[],
  choices: readonly { event: number; position: number; hasSameId: boolean }[],
): PendingEvent[] {
  const all = [...events];
  choices.forEach(({ event, position, hasSameId }, index) => {
    const original = events[event % events.length] as PendingEvent;
    const eventId = hasSameId ? original.eventId : `${original.eventId}-again-${index}`;
    all.splice(position % (all.length + 1), 0, { ...original, eventId });
  });
  return all;
}

const everyCut = (events: readonly PendingEvent[]): number[] => events.map((_, index) => index);

/** Every path of the graph that starts with this one, including itself. */
function livesFrom(life: OrderStatus[]): OrderStatus[][] {
  const next = allowedFrom(life.at(-1) as OrderStatus);
  return [life, ...next.flatMap((status) => livesFrom([...life, status]))];
}

function permutationsOf<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, index) => permutationsOf(items.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}
