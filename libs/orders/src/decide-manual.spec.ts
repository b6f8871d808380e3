import { orderStatuses, type OrderStatus } from '@orderly/contracts';
import fc from 'fast-check';
import { applyEvents } from './apply-events';
import { decide } from './decide';
import { placeholderOf, type PendingEvent } from './order-state';
import { allowedFrom } from './status-graph';
import { buildOrder, buildPendingEvent } from './testing';

const noon = '2026-01-01T12:00:00.000Z';
const after = '2026-01-01T12:01:00.000Z';

const orderIn = (status: OrderStatus) => buildOrder({ status, version: 3, statusOccurredAt: noon });
const manualTo = (status: OrderStatus, expectedVersion: number | null = null, overrides: Partial<PendingEvent> = {}) =>
  buildPendingEvent({ eventId: 'manual', data: { status }, occurredAt: after, manual: { expectedVersion }, ...overrides });
const pairs = orderStatuses.flatMap((current) => orderStatuses.map((target) => [current, target] as const));

describe('decide: a manual change', () => {
  test.each(pairs)('is applied, a duplicate or refused, whenever it occurred: from %s to %s', (current, target) => {
    const decision = decide(orderIn(current), manualTo(target));
    expect(decide(orderIn(current), manualTo(target, 3, { occurredAt: '2020-01-01T00:00:00.000Z' })).outcome).toBe(
      decision.outcome,
    );
    if (target === current) return expect(decision).toEqual({ outcome: 'duplicate' });
    if (allowedFrom(current).includes(target)) {
      return expect(decision).toMatchObject({ outcome: 'applied', next: { status: target, version: 4 } });
    }
    return expect(decision).toEqual({
      outcome: 'rejected',
      code: 'transition-not-allowed',
      current,
      currentVersion: 3,
      allowed: allowedFrom(current),
    });
  });

  test.each(pairs)('is refused if it expects another version: from %s to %s', (current, target) => {
    for (const expectedVersion of [1, 2, 4]) {
      expect(decide(orderIn(current), manualTo(target, expectedVersion))).toEqual({
        outcome: 'rejected',
        code: 'version-conflict',
        current,
        currentVersion: 3,
        allowed: allowedFrom(current),
      });
    }
  });

  test.each([null, 1])('is refused for an unknown order (expected version %s)', (expectedVersion) => {
    expect(decide(placeholderOf('order-1'), manualTo('confirmed', expectedVersion))).toEqual({
      outcome: 'rejected',
      code: 'order-unknown',
      current: null,
      currentVersion: 0,
      allowed: ['pending'],
    });
  });

  test('to cancelled equals a manual order.cancelled', () => {
    const cancelled = buildPendingEvent({ type: 'order.cancelled', data: {}, occurredAt: after, manual: { expectedVersion: 3 } });
    for (const status of orderStatuses) {
      expect(decide(orderIn(status), cancelled)).toEqual(decide(orderIn(status), manualTo('cancelled', 3)));
    }
  });

  test('copies its reason to the change', () => {
    const event = manualTo('cancelled', null, { data: { status: 'cancelled', reason: 'asked by phone' } });
    expect(decide(orderIn('confirmed'), event)).toMatchObject({ change: { from: 'confirmed', reason: 'asked by phone' } });
  });
});

describe('manual changes among other events', () => {
  const status = fc.constantFrom(...orderStatuses);
  const news = fc.record({ status, expectedVersion: fc.constant(undefined) });
  const manual = fc.record({ status, expectedVersion: fc.option(fc.nat(8)) });

  test('have one immediate outcome each, and at most one with the same expected version is applied', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(news, manual), { maxLength: 20 }), status, (asked, start) => {
        const events = asked.map(({ status: target, expectedVersion }, index) =>
          buildPendingEvent({
            eventId: `event-${index}`,
            data: { status: target },
            occurredAt: after,
            ...(expectedVersion !== undefined && { manual: { expectedVersion } }),
          }),
        );
        const { outcomes } = applyEvents(buildOrder({ status: start }), events, after, 'dead-letter');
        expect(outcomes.map(({ eventId }) => eventId).toSorted()).toEqual(events.map(({ eventId }) => eventId).toSorted());
        const byId = new Map(events.map((event) => [event.eventId, event]));
        const appliedOn: number[] = [];
        for (const { eventId, decision } of outcomes) {
          const expected = byId.get(eventId)?.manual;
          if (expected === undefined) continue;
          expect(['applied', 'duplicate', 'rejected']).toContain(decision.outcome);
          if (decision.outcome !== 'applied' || expected.expectedVersion === null) continue;
          expect(decision.next.version).toBe(expected.expectedVersion + 1);
          appliedOn.push(expected.expectedVersion);
        }
        expect(new Set(appliedOn).size).toBe(appliedOn.length);
      }),
      { numRuns: 2000 },
    );
  });
});
