import type { OrderStatus } from '@orderly/contracts';
import { applyEvents } from './apply-events';
import { placeholderOf, type PendingEvent } from './order-state';
import { buildOrder, buildPendingEvent } from './testing';

const now = '2026-01-01T12:00:00.000Z';
const passed = '2026-01-01T11:59:00.000Z';
const ahead = '2026-01-01T12:00:00.001Z';
const placeholder = placeholderOf('order-1');

const created = buildPendingEvent({
  eventId: 'created',
  type: 'order.created',
  data: { customer: { id: 'c-1' } },
  occurredAt: passed,
});
const to = (status: OrderStatus, overrides: Partial<PendingEvent> = {}) =>
  buildPendingEvent({ eventId: status, data: { status }, ...overrides });
const update = (eventId: string, totalMinor: number, occurredAt: string) =>
  buildPendingEvent({ eventId, type: 'order.updated', data: { totalMinor }, occurredAt });

const decided = ({ outcomes }: ReturnType<typeof applyEvents>) =>
  outcomes.map(({ eventId, decision }) => `${eventId} ${decision.outcome === 'rejected' ? decision.code : decision.outcome}`);

describe('applyEvents', () => {
  test('applies new events in acceptance order and reports them in version order', () => {
    const result = applyEvents(placeholder, [created, to('confirmed'), to('processing'), to('shipped')], now, 'dead-letter');
    expect(result.order).toMatchObject({ status: 'shipped', version: 4 });
    expect(decided(result)).toEqual(['created applied', 'confirmed applied', 'processing applied', 'shipped applied']);
  });

  test('retries parked events after every status change, nearest in the graph first', () => {
    const events = [to('delivered'), to('shipped'), to('confirmed'), created];
    const result = applyEvents(placeholder, events, now, 'dead-letter');
    expect(decided(result)).toEqual(['created applied', 'confirmed applied', 'shipped applied', 'delivered applied']);
  });

  test('retries parked events before the next new event', () => {
    const events = [to('shipped', { parkedUntil: ahead }), to('confirmed'), to('delivered'), to('processing')];
    const result = applyEvents(buildOrder(), events, now, 'dead-letter');
    expect(decided(result)).toEqual(['confirmed applied', 'shipped applied', 'delivered applied', 'processing superseded']);
  });

  test('retries equally near parked events in acceptance order', () => {
    const events = [to('shipped'), to('processing', { parkedUntil: ahead }), to('confirmed')];
    expect(decided(applyEvents(buildOrder(), events, now, 'dead-letter'))).toEqual([
      'confirmed applied',
      'shipped applied',
      'processing superseded',
    ]);
  });

  test('decides events that the order has passed before it takes a further step', () => {
    const early = to('confirmed', { eventId: 'again' });
    const result = applyEvents(placeholder, [to('shipped'), to('confirmed'), early, created], now, 'dead-letter');
    expect(decided(result)).toEqual(['created applied', 'confirmed applied', 'again duplicate', 'shipped applied']);
  });

  test('applies parked updates in acceptance order as soon as the order exists', () => {
    const first = update('first', 1, '2026-01-01T11:59:10.000Z');
    const second = update('second', 2, '2026-01-01T11:59:20.000Z');
    const result = applyEvents(placeholder, [to('confirmed'), first, second, created], now, 'dead-letter');
    expect(decided(result)).toEqual(['created applied', 'first applied', 'second applied', 'confirmed applied']);
    expect(result.order).toMatchObject({ version: 4, data: { totalMinor: 2 } });
  });

  test('reports events that stay parked last, once each', () => {
    const events = [to('delivered', { parkedUntil: ahead }), to('refunded'), to('confirmed')];
    expect(decided(applyEvents(buildOrder(), events, now, 'apply'))).toEqual([
      'confirmed applied',
      'delivered parked',
      'refunded parked',
    ]);
  });

  test('retries parked events even without new events', () => {
    const result = applyEvents(buildOrder(), [to('confirmed', { parkedUntil: ahead })], now, 'dead-letter');
    expect(decided(result)).toEqual(['confirmed applied']);
  });

  test('decides a parked event at its deadline and not a millisecond earlier', () => {
    const waiting = (parkedUntil: string) => applyEvents(buildOrder(), [to('shipped', { parkedUntil })], now, 'dead-letter');
    expect(decided(waiting(ahead))).toEqual(['shipped parked']);
    expect(decided(waiting(now))).toEqual(['shipped parked-too-long']);
    expect(decided(waiting(passed))).toEqual(['shipped parked-too-long']);
  });

  test('accepts a missing step that arrives together with the deadline', () => {
    const result = applyEvents(buildOrder(), [to('shipped', { parkedUntil: passed }), to('confirmed')], now, 'dead-letter');
    expect(decided(result)).toEqual(['confirmed applied', 'shipped applied']);
  });

  test('forces the nearest overdue event first, and applies the events that it unblocks normally', () => {
    const events = [to('refunded', { parkedUntil: passed }), to('shipped', { parkedUntil: passed }), to('delivered')];
    const result = applyEvents(buildOrder(), events, now, 'apply');
    expect(result.outcomes.map(({ eventId, decision }) => [eventId, decision.outcome === 'applied' && decision.skipped])).toEqual(
      [
        ['shipped', ['confirmed']],
        ['delivered', []],
        ['refunded', []],
      ],
    );
    expect(result.order).toMatchObject({ status: 'refunded', version: 4 });
  });

  test('rejects parked events whose order never arrived', () => {
    const events = [update('update', 1, passed), to('shipped')].map((event) => ({ ...event, parkedUntil: passed }));
    const result = applyEvents(placeholder, events, now, 'apply');
    expect(decided(result)).toEqual(['update order-unknown', 'shipped order-unknown']);
    expect(result.order).toEqual(placeholder);
  });

  test('throws for an event that cannot be decided', () => {
    const broken = to('confirmed', { data: { status: 'lost' } });
    for (const parkedUntil of [undefined, ahead]) {
      expect(() => applyEvents(buildOrder(), [{ ...broken, parkedUntil }], now, 'dead-letter')).toThrow();
    }
  });

  test('does not modify its arguments', () => {
    const events = Object.freeze(
      [to('shipped', { parkedUntil: passed }), to('confirmed'), update('update', 1, now)].map(Object.freeze),
    );
    const order = Object.freeze(buildOrder());
    applyEvents(order, events as PendingEvent[], now, 'apply');
    expect(order).toEqual(buildOrder());
  });

  test('decides each of 1,000 parked events a bounded number of times', () => {
    let reads = 0;
    const counted = Array.from({ length: 1000 }, (_, index) => ({
      ...to('refunded', { eventId: `refunded-${index}` }),
      get type() {
        reads += 1;
        return 'order.status_changed' as const;
      },
    }));
    const life = [created, to('confirmed'), to('processing'), to('shipped'), to('delivered')];
    const result = applyEvents(placeholder, [...counted, ...life], now, 'dead-letter');
    expect(result.order).toMatchObject({ status: 'refunded', version: 6 });
    expect(reads / counted.length).toBeLessThan(50);
  });
});
