import { orderEventTypes } from '@orderly/contracts';
import type { UnappliedEvent } from '@orderly/ledger';
import { placeholderOf } from '@orderly/orders';
import { buildOrder } from '@orderly/orders/testing';
import { buildUnappliedEvent } from '../test/unapplied-event';
import { planOrder, type OrderPolicy } from './plan-order';

const policy: OrderPolicy = {
  parkedDeadlineMs: 900_000,
  atDeadline: 'dead-letter',
  destinations: [{ name: 'erp', events: orderEventTypes }],
};
const now = '2026-01-01T02:00:00.000Z';
const past = '2026-01-01T01:30:00.000Z';
const to = (status: string, more: Partial<UnappliedEvent> = {}): UnappliedEvent =>
  buildUnappliedEvent({ eventId: `to ${status}`, data: { status }, ...more });

describe('the plan for an order', () => {
  it('applies events one after the other: each sees the order as the previous one left it', () => {
    const events = [to('confirmed'), to('shipped')];
    const plan = planOrder(buildOrder(), events, now, policy);
    expect(plan).toMatchObject([
      { event: events[0], before: { status: 'pending', version: 1 }, decision: { next: { status: 'confirmed', version: 2 } } },
      { event: events[1], before: { status: 'confirmed', version: 2 }, decision: { next: { status: 'shipped', version: 3 } } },
    ]);
    expect(plan.map(({ audit }) => audit)).toMatchObject([
      { action: 'event.applied', fromStatus: 'pending', toStatus: 'confirmed', version: 2 },
      { action: 'event.applied', fromStatus: 'confirmed', toStatus: 'shipped', version: 3 },
    ]);
    expect(plan.map(({ followUps }) => followUps?.syncs.map(({ version }) => version))).toEqual([[2], [3]]);
  });

  it('parks an early event until its deadline, counted from its acceptance, and notifies nobody', () => {
    const [planned] = planOrder(buildOrder(), [to('shipped')], now, policy);
    const deadline = new Date('2026-01-01T01:15:00.000Z');
    expect(planned).toMatchObject({ decision: { outcome: 'parked' }, deadline, audit: { action: 'event.parked' } });
    expect(planned?.followUps).toBeUndefined();
  });

  it('does not change an event that stays parked', () => {
    const event = to('shipped', { parkedUntil: '2026-01-01T03:00:00.000Z' });
    const before = buildOrder();
    expect(planOrder(before, [event], now, policy)).toEqual([{ event, before, decision: { outcome: 'parked' } }]);
  });

  it('applies a parked event together with the step that it waited for', () => {
    const plan = planOrder(buildOrder(), [to('shipped', { parkedUntil: past }), to('confirmed')], now, policy);
    expect(plan.map(({ event, decision }) => [event.eventId, decision.outcome])).toEqual([
      ['to confirmed', 'applied'],
      ['to shipped', 'applied'],
    ]);
  });

  it('gives the trace and the batch of the event to its jobs, and the trace to the audit trail', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [planned] = planOrder(buildOrder(), [to('confirmed', { traceparent, batch: 'import' })], now, policy);
    expect(planned?.followUps?.syncs).toMatchObject([{ traceparent, batch: 'import' }]);
    expect(planned?.audit?.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it.each<[string, UnappliedEvent, string]>([
    [
      'a status that no step leads to',
      to('refunded', { manual: { expectedVersion: null } }),
      'order-1 is pending and cannot take refunded',
    ],
    ['another version', to('confirmed', { manual: { expectedVersion: 7 } }), 'order-1 has version 1, not 7'],
    ['a deadline that has passed', to('shipped', { parkedUntil: past }), 'order-1 is pending and cannot take shipped'],
  ])('explains in words why an event is rejected for %s', (_what, event, words) => {
    const [planned] = planOrder(buildOrder(), [event], now, policy);
    expect(planned).toMatchObject({ refusal: `order ${words}`, audit: { action: 'event.rejected', reason: `order ${words}` } });
  });

  it('says that an order is unknown', () => {
    const update = buildUnappliedEvent({ type: 'order.updated', data: { totalMinor: 5 }, parkedUntil: past });
    const [planned] = planOrder(placeholderOf('order-1'), [update], now, policy);
    expect(planned).toMatchObject({
      decision: { code: 'order-unknown' },
      refusal: 'order order-1 is unknown and cannot take order.updated',
    });
  });

  it('applies a late event at its deadline if the policy says so', () => {
    const late = to('shipped', { parkedUntil: past });
    const [planned] = planOrder(buildOrder(), [late], now, { ...policy, atDeadline: 'apply' });
    expect(planned).toMatchObject({
      decision: { outcome: 'applied', skipped: ['confirmed'] },
      audit: { actor: { name: 'orderly' } },
    });
  });

  it('records a repetition and notifies nobody', () => {
    const [planned] = planOrder(buildOrder(), [to('pending')], now, policy);
    expect(planned).toMatchObject({ decision: { outcome: 'duplicate' }, audit: { action: 'event.duplicate' } });
    expect(planned?.followUps).toBeUndefined();
  });

  it('throws for an event that the contracts do not know, so that the ledger isolates it', () => {
    expect(() => planOrder(buildOrder(), [to('exploded')], now, policy)).toThrow();
  });
});
