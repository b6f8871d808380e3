import { orderStatuses } from '@orderly/contracts';
import { decide } from './decide';
import { buildOrder, buildPendingEvent } from './testing';
import { waitsFor } from './waits-for';

describe('what a parked event waits for', () => {
  test('is order.created, where nothing is known of the order', () => {
    expect(waitsFor(null, buildPendingEvent())).toEqual(['order.created']);
    expect(waitsFor(null, buildPendingEvent({ type: 'order.updated', data: {} }))).toEqual(['order.created']);
  });

  test('is the steps between the status and its own, in order', () => {
    expect(waitsFor('pending', buildPendingEvent({ data: { status: 'returned' } }))).toEqual(['confirmed', 'shipped']);
  });

  test('is something exactly as long as the event would be parked', () => {
    for (const status of orderStatuses) {
      for (const target of orderStatuses) {
        const event = buildPendingEvent({ data: { status: target } });
        const isParked = decide(buildOrder({ status }), event).outcome === 'parked';
        expect([status, target, waitsFor(status, event).length > 0]).toEqual([status, target, isParked]);
      }
    }
  });
});
