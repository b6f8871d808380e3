import type { UnappliedEvent } from '@orderly/ledger';
import { placeholderOf, type Decision, type OrderState } from '@orderly/orders';
import { decisionEntry } from './decision-entry';

const order: OrderState = { ...placeholderOf('o-1'), status: 'pending', version: 1 };
const actor = { name: 'shop', apiKeyId: null, onBehalfOf: 'Mia' };
const orderly = { name: 'orderly', apiKeyId: null, onBehalfOf: null };
const parkedUntil = '2026-01-01T00:15:00.000Z';

const event = (change: Partial<UnappliedEvent> = {}): UnappliedEvent => ({
  eventId: 'e-1',
  source: 's',
  actor,
  type: 'order.status_changed',
  occurredAt: '2026-01-01T00:00:00.000Z',
  data: { status: 'shipped', reason: 'left the dock' },
  notify: true,
  batch: null,
  traceparent: null,
  tracestate: null,
  acceptedAt: new Date(0),
  dueInMs: 0,
  ...change,
});
const applied = (skipped: 'confirmed'[]): Decision => ({
  outcome: 'applied',
  kind: 'status',
  next: { ...order, status: 'shipped', version: 2 },
  change: { from: 'pending', to: 'shipped', at: '2026-01-01T00:00:00.000Z' },
  skipped,
});
const rejected = (code: 'order-unknown' | 'parked-too-long' | 'transition-not-allowed' | 'version-conflict'): Decision => ({
  outcome: 'rejected',
  code,
  current: 'pending',
  currentVersion: 1,
  allowed: ['confirmed', 'cancelled'],
});

describe('decisionEntry', () => {
  it.each<[string, Decision, string | undefined, typeof actor | typeof orderly]>([
    ['applied at once', applied([]), undefined, actor],
    ['applied by the step that it waited for', applied([]), parkedUntil, actor],
    ['applied at its deadline', applied(['confirmed']), parkedUntil, orderly],
    ['rejected at its deadline', rejected('parked-too-long'), parkedUntil, orderly],
    ['rejected at its deadline without an order', rejected('order-unknown'), parkedUntil, orderly],
    ['rejected at once without an order', rejected('order-unknown'), undefined, actor],
    ['rejected when the order had gone another way', rejected('transition-not-allowed'), parkedUntil, actor],
    ['rejected for its version', rejected('version-conflict'), undefined, actor],
    ['superseded while it was parked', { outcome: 'superseded' }, parkedUntil, actor],
  ])('names who decided an event that was %s', (_, decision, until, who) => {
    expect(decisionEntry({ before: order, event: event({ parkedUntil: until }), decision }).actor).toEqual(who);
  });

  it('contains no status and no alternatives for an unknown order', () => {
    const entry = decisionEntry({ before: placeholderOf('o-1'), event: event(), decision: rejected('order-unknown') });
    expect(entry).toMatchObject({ action: 'event.rejected', code: 'order-unknown' });
    expect(entry.detail).toBeUndefined();
  });

  it('contains no status for a data change, and no reason if none was given', () => {
    const update = event({ type: 'order.updated', data: { reason: 7 } });
    expect(decisionEntry({ before: order, event: update, decision: { outcome: 'superseded' } })).toMatchObject({
      action: 'event.superseded',
      fromStatus: 'pending',
      toStatus: null,
      version: 1,
      reason: undefined,
    });
  });

  it('says that an early event of an unknown order waits for the order', () => {
    const entry = decisionEntry({
      before: placeholderOf('o-1'),
      event: event(),
      decision: { outcome: 'parked' },
      deadline: new Date(parkedUntil),
    });
    expect(entry).toMatchObject({ fromStatus: null, toStatus: 'shipped', version: 0, reason: 'left the dock' });
    expect(entry.detail).toEqual({ deadline: new Date(parkedUntil), waitsFor: ['order.created'] });
  });
});
