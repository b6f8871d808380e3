import { orderStatuses } from '@orderly/contracts';
import { decide } from './decide';
import { buildOrder, buildPendingEvent } from './testing';
import { waitsFor } from './waits-for';

describe('waitsFor', () => {
  test('returns order.created for an unknown order', () => {
    expect(waitsFor(null, buildPendingEvent())).toEqual(['order.created']);
    expect(waitsFor(null, buildPendingEvent({ type: 'order.updated', data: {} }))).toEqual(['order.created']);
  });

  test('returns the statuses between the current and the requested one, in order', () => {
    expect(waitsFor('pending', buildPendingEvent({ data: { status: 'returned' } }))).toEqual(['confirmed', 'shipped']);
  });

  test('returns a step exactly if the event would be parked', () => {
    for (const status of orderStatuses) {
      for (const target of orderStatuses) {
        const event = buildPendingEvent({ data: { status: target } });
        const isParked = decide(buildOrder({ status }), event).outcome === 'parked';
        expect([status, target, waitsFor(status, event).length > 0]).toEqual([status, target, isParked]);
      }
    }
  });
});
