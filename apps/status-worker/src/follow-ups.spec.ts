import { orderEventTypes } from '@orderly/contracts';
import type { AppliedEvent } from '@orderly/ledger';
import { createFollowUps } from './follow-ups';

const applied: AppliedEvent = {
  orderId: 'A',
  version: 4,
  event: {
    eventId: '01890a5d-ac96-774b-bcce-b302099a8057',
    type: 'order.status_changed',
    occurredAt: '2026-01-01T00:00:00.000Z',
    data: { status: 'shipped' },
    notify: true,
  },
  kind: 'status',
  change: { from: 'confirmed', to: 'shipped', at: '2026-01-01T00:00:00.000Z' },
  data: { customer: { id: 'c', email: 'ann@example.com' } },
  batch: 'import',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=b',
};
const facts = { orderId: 'A', version: 4, batch: 'import', traceparent: applied.traceparent, tracestate: 'a=b' };
const followUps = createFollowUps([
  { name: 'erp', events: orderEventTypes },
  { name: 'wms', events: ['order.created'] },
]);

describe('the follow-ups of a change', () => {
  it('are a job for each destination that wants such events, with the batch and the trace of the event', () => {
    expect(followUps(applied).syncs).toMatchObject([
      { ...facts, name: 'sync-order', queue: 'order-sync.erp', destination: 'erp', priority: 3 },
    ]);
  });

  it('are one message to the customer, at high priority', () => {
    expect(followUps(applied).messages).toMatchObject([
      { kind: 'shipped', channel: 'email', recipient: 'ann@example.com', job: { ...facts, queue: 'notifications', priority: 2 } },
    ]);
  });

  it('are a message without recipient where the customer has no address, so that somebody can see it', () => {
    expect(followUps({ ...applied, data: { customer: { id: 'c' } } }).messages).toMatchObject([{ recipient: null }]);
  });

  it.each([
    ['the event asks for silence', { event: { ...applied.event, notify: false } }],
    ['only data changed', { kind: 'update', change: { ...applied.change, from: 'shipped' } }],
    ['nobody is told of the status', { change: { ...applied.change, to: 'processing' } }],
  ] as const)('are no message where %s', (_what, change) => {
    const { messages, syncs } = followUps({ ...applied, ...change } as AppliedEvent);
    expect(messages).toEqual([]);
    expect(syncs).toHaveLength(1);
  });
});
