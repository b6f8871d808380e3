import { orderStatuses, type OrderStatus } from '@orderly/contracts';
import { decide } from './decide';
import { placeholderOf, type PendingEvent } from './order-state';
import { allowedFrom } from './status-graph';
import { buildOrder, buildPendingEvent } from './testing';

const noon = '2026-01-01T12:00:00.000Z';
const before = '2026-01-01T11:59:00.000Z';
const after = '2026-01-01T12:01:00.000Z';

const orderIn = (status: OrderStatus) => buildOrder({ status, version: 3, statusOccurredAt: noon });
const eventFor = (status: OrderStatus, occurredAt = after) => buildPendingEvent({ data: { status }, occurredAt });
const created = (overrides: Partial<PendingEvent> = {}) =>
  buildPendingEvent({
    type: 'order.created',
    data: { currency: 'EUR', customer: { id: 'c-1' } },
    occurredAt: noon,
    ...overrides,
  });
const updated = (data: Record<string, unknown>, occurredAt = after) =>
  buildPendingEvent({ type: 'order.updated', data, occurredAt });

/** The expected outcomes, written by hand: one row per current status, one column per status of the event. */
const table: Record<OrderStatus, string> = {
  //           pending    confirmed  processing shipped    delivered  returned   refunded   cancelled
  pending: '   duplicate  applied    parked     parked     parked     parked     parked     applied',
  confirmed: ' superseded duplicate  applied    applied    parked     parked     parked     applied',
  processing: 'superseded superseded duplicate  applied    parked     parked     parked     applied',
  shipped: '   superseded superseded superseded duplicate  applied    applied    parked     applied',
  delivered: ' superseded superseded superseded superseded duplicate  applied    applied    rejected',
  returned: '  superseded superseded superseded superseded superseded duplicate  applied    rejected',
  refunded: '  superseded superseded superseded superseded superseded superseded duplicate  superseded',
  cancelled: ' superseded superseded superseded superseded rejected   rejected   applied    duplicate',
};
const cells = Object.entries(table).flatMap(([current, row]) =>
  row
    .trim()
    .split(/\s+/)
    .map((outcome, index) => [current as OrderStatus, orderStatuses[index] as OrderStatus, outcome] as const),
);

describe('decide: a status for an order that exists', () => {
  test.each(cells)('a %s order and a %s event that is not newer: %s', (current, target, outcome) => {
    expect(decide(orderIn(current), eventFor(target, before)).outcome).toBe(outcome);
    expect(decide(orderIn(current), eventFor(target, noon)).outcome).toBe(outcome);
  });

  test.each(cells)('a %s order and a newer %s event: %s, or rejected if the order has ended', (current, target, outcome) => {
    const hasEnded = current === 'cancelled' || current === 'refunded';
    const expected = hasEnded && outcome === 'superseded' ? 'rejected' : outcome;
    expect(decide(orderIn(current), eventFor(target, after)).outcome).toBe(expected);
  });

  test('applied: increments the version, sets status and time, keeps the data', () => {
    const order = orderIn('confirmed');
    const event = buildPendingEvent({ data: { status: 'shipped', reason: 'left the dock' }, occurredAt: after });
    expect(decide(order, event)).toEqual({
      outcome: 'applied',
      kind: 'status',
      next: { ...order, status: 'shipped', version: 4, statusOccurredAt: after },
      change: { from: 'confirmed', to: 'shipped', at: after, reason: 'left the dock' },
      skipped: [],
    });
  });

  test('rejected: names the current status and the allowed ones', () => {
    expect(decide(orderIn('cancelled'), eventFor('delivered'))).toEqual({
      outcome: 'rejected',
      code: 'transition-not-allowed',
      current: 'cancelled',
      currentVersion: 3,
      allowed: ['refunded'],
    });
  });

  test('order.cancelled equals a status change to cancelled', () => {
    const cancelled = buildPendingEvent({ type: 'order.cancelled', data: { reason: 'no stock' }, occurredAt: after });
    for (const status of orderStatuses) {
      const asStatus = buildPendingEvent({ data: { status: 'cancelled', reason: 'no stock' }, occurredAt: after });
      expect(decide(orderIn(status), cancelled)).toEqual(decide(orderIn(status), asStatus));
    }
  });

  test('compares times as instants, in any format of the ledger', () => {
    const order = buildOrder({ status: 'cancelled', statusOccurredAt: '2026-01-01T14:00:00+02:00' });
    expect(decide(order, eventFor('confirmed', noon)).outcome).toBe('superseded');
    expect(decide(order, eventFor('confirmed', after)).outcome).toBe('rejected');
  });
});

describe('decide: before order.created', () => {
  const placeholder = placeholderOf('order-1');

  test.each(orderStatuses)('a status change to %s is parked', (status) => {
    expect(decide(placeholder, eventFor(status))).toEqual({ outcome: 'parked' });
  });

  test('a cancellation and an update are parked', () => {
    expect(decide(placeholder, buildPendingEvent({ type: 'order.cancelled', data: {} }))).toEqual({ outcome: 'parked' });
    expect(decide(placeholder, updated({ totalMinor: 1 }))).toEqual({ outcome: 'parked' });
  });

  test('order.created is applied: pending, version 1, every key written when it occurred', () => {
    expect(decide(placeholder, created())).toEqual({
      outcome: 'applied',
      kind: 'status',
      next: {
        orderId: 'order-1',
        status: 'pending',
        version: 1,
        data: { currency: 'EUR', customer: { id: 'c-1' } },
        keyTimes: { currency: noon, customer: noon },
        statusOccurredAt: noon,
      },
      change: { from: null, to: 'pending', at: noon },
      skipped: [],
    });
  });
});

test.each(orderStatuses)('decide: a second order.created on a %s order is decided like a status change to pending', (status) => {
  for (const occurredAt of [before, noon, after]) {
    const second = created({ eventId: 'event-2', occurredAt });
    expect(decide(orderIn(status), second)).toEqual(decide(orderIn(status), eventFor('pending', occurredAt)));
  }
});

describe('decide: order.updated', () => {
  const order = buildOrder({
    status: 'shipped',
    version: 4,
    data: { currency: 'EUR', totalMinor: 100, customer: { id: 'c-1', email: 'a@b.example' } },
    keyTimes: { currency: noon, totalMinor: noon, customer: noon },
  });

  test.each(orderStatuses)('changes data, not status, on a %s order', (status) => {
    expect(decide({ ...order, status }, updated({ totalMinor: 200 }))).toEqual({
      outcome: 'applied',
      kind: 'data',
      next: {
        ...order,
        status,
        version: 5,
        data: { ...order.data, totalMinor: 200 },
        keyTimes: { ...order.keyTimes, totalMinor: after },
      },
      change: { from: status, to: status, at: after },
      skipped: [],
    });
  });

  test('merges into nested members', () => {
    const decision = decide(order, updated({ customer: { phone: '1', email: null } }));
    expect(decision).toMatchObject({ next: { data: { customer: { id: 'c-1', phone: '1' } } } });
    expect(decision).not.toHaveProperty('next.data.customer.email');
  });

  test('is superseded if no key is newer, and an equal time is not newer', () => {
    expect(decide(order, updated({ totalMinor: 200 }, before))).toEqual({ outcome: 'superseded' });
    expect(decide(order, updated({ totalMinor: 200 }, noon))).toEqual({ outcome: 'superseded' });
  });

  test('writes only the keys whose last writer occurred before it', () => {
    const half = { ...order, keyTimes: { ...order.keyTimes, totalMinor: after } };
    const decision = decide(half, updated({ totalMinor: 1, currency: 'USD' }, '2026-01-01T12:00:30.000Z'));
    expect(decision).toMatchObject({ outcome: 'applied', next: { data: { currency: 'USD', totalMinor: 100 } } });
  });

  test('remembers when a key was removed, so that an older patch cannot restore it', () => {
    const removal = decide(order, updated({ totalMinor: null }));
    if (removal.outcome !== 'applied') throw new Error(removal.outcome);
    expect(removal.next.data).not.toHaveProperty('totalMinor');
    expect(decide(removal.next, updated({ totalMinor: 100 }, '2026-01-01T12:00:30.000Z'))).toEqual({ outcome: 'superseded' });
  });

  test('treats an unwritten key as older than any patch, for every name', () => {
    const patch = JSON.parse('{"constructor":1,"__proto__":2}') as Record<string, unknown>;
    const decision = decide(order, updated(patch, before));
    if (decision.outcome !== 'applied') throw new Error(decision.outcome);
    expect(Object.keys(decision.next.data)).toEqual(expect.arrayContaining(['constructor', '__proto__']));
    expect(Object.keys(decision.next.keyTimes)).toEqual(expect.arrayContaining(['constructor', '__proto__']));
    expect(decide(decision.next, updated(patch, before))).toEqual({ outcome: 'superseded' });
  });
});

test('decide: an applied event has no second effect', () => {
  for (const current of orderStatuses) {
    for (const target of allowedFrom(current)) {
      const decision = decide(orderIn(current), eventFor(target));
      if (decision.outcome !== 'applied') throw new Error(decision.outcome);
      expect(decide(decision.next, eventFor(target))).toEqual({ outcome: 'duplicate' });
    }
  }
});

describe('decide: an event that the contracts do not know', () => {
  test.each([
    ['status', buildPendingEvent({ data: { status: 'lost' } })],
    ['type', buildPendingEvent({ type: 'order.eaten' as PendingEvent['type'] })],
    ['date', buildPendingEvent({ data: { status: 'confirmed' }, occurredAt: 'yesterday' })],
  ])('throws for an unknown %s', (_, event) => {
    expect(() => decide(orderIn('cancelled'), event)).toThrow();
  });
});
