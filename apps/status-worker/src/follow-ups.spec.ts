import { orderEventTypes } from '@orderly/contracts';
import type { UnappliedEvent } from '@orderly/ledger';
import type { AppliedDecision } from '@orderly/orders';
import { buildOrder } from '@orderly/orders/testing';
import { buildUnappliedEvent } from '../test/unapplied-event';
import { planFollowUps } from './follow-ups';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const event = buildUnappliedEvent({ data: { status: 'shipped' }, batch: 'import', traceparent, tracestate: 'a=b' });
const orderOf = (customer: object) => buildOrder({ orderId: 'A', version: 4, status: 'shipped', data: { customer } });
const decision: AppliedDecision = {
  outcome: 'applied',
  kind: 'status',
  next: orderOf({ id: 'c', email: 'ann@example.com' }),
  change: { from: 'confirmed', to: 'shipped', at: '2026-01-01T00:00:00.000Z' },
  skipped: [],
};
const facts = { orderId: 'A', version: 4, batch: 'import', traceparent, tracestate: 'a=b' };

const followUps = (change: Partial<AppliedDecision> = {}, ofEvent: UnappliedEvent = event) =>
  planFollowUps({ ...decision, ...change }, ofEvent, [
    { name: 'erp', events: orderEventTypes },
    { name: 'wms', events: ['order.created'] },
  ]);

describe('the follow-ups of a change', () => {
  it('are one job for each destination that wants the event, with the batch and trace of the event', () => {
    expect(followUps().syncs).toMatchObject([
      { ...facts, name: 'sync-order', queue: 'order-sync.erp', destination: 'erp', priority: 3 },
    ]);
  });

  it('are one message to the customer, at high priority', () => {
    expect(followUps().messages).toMatchObject([
      { kind: 'shipped', channel: 'email', recipient: 'ann@example.com', job: { ...facts, queue: 'notifications', priority: 2 } },
    ]);
  });

  it('are a message without recipient if the customer has no address, so that somebody can see it', () => {
    expect(followUps({ next: orderOf({ id: 'c' }) }).messages).toMatchObject([{ recipient: null }]);
  });

  it.each<[string, Partial<AppliedDecision>, UnappliedEvent]>([
    ['the event asks for silence', {}, { ...event, notify: false }],
    ['only data changed', { kind: 'data', change: { ...decision.change, from: 'shipped' } }, event],
    ['nobody is told of the status', { change: { ...decision.change, to: 'processing' } }, event],
  ])('contain no message if %s', (_what, change, ofEvent) => {
    const { messages, syncs } = followUps(change, ofEvent);
    expect(messages).toEqual([]);
    expect(syncs).toHaveLength(1);
  });
});
