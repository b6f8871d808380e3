import { OrderEvent, orderEventTypes } from './order-event';

const created = {
  id: 'e1',
  source: 'shop',
  orderId: 'A-1',
  type: 'order.created',
  occurredAt: '2024-05-01T10:00:00Z',
  data: { customer: { id: 'c1' } },
};
const statusChanged = { ...created, type: 'order.status_changed', data: { status: 'shipped' } };
const cancelled = { ...created, type: 'order.cancelled', data: {} };
const updated = { ...created, type: 'order.updated', data: { totalMinor: 100 } };

const inData = (data: object): object => ({ ...created, data: { customer: { id: 'c1' }, ...data } });
const line = { sku: 's', quantity: 1, unitPriceMinor: 100 };

/** Each entry: the name of the limit, the last accepted value, the first refused value. */
const limits: readonly [what: string, taken: object, refused: object][] = [
  ['an event id of 200 characters, not 201', { ...created, id: 'x'.repeat(200) }, { ...created, id: 'x'.repeat(201) }],
  ['an event id of 1 character, not 0', { ...created, id: 'x' }, { ...created, id: '' }],
  ['a source of 100 characters, not 101', { ...created, source: 'x'.repeat(100) }, { ...created, source: 'x'.repeat(101) }],
  ['a source of 1 character, not 0', { ...created, source: 'x' }, { ...created, source: '' }],
  ['an order id of 128 characters, not 129', { ...created, orderId: 'x'.repeat(128) }, { ...created, orderId: 'x'.repeat(129) }],
  ['an order id with dots, not of one or two alone', { ...created, orderId: '...' }, { ...created, orderId: '..' }],
  ['an order id that begins with a dot, not a dot alone', { ...created, orderId: '.a' }, { ...created, orderId: '.' }],
  ['an order id of 1 character, not 0', { ...created, orderId: 'x' }, { ...created, orderId: '' }],
  ['an order id with !, not with a space', { ...created, orderId: 'a!b' }, { ...created, orderId: 'a b' }],
  ['an order id up to ~, not beyond ASCII', { ...created, orderId: 'a~' }, { ...created, orderId: 'ä' }],
  [
    'a leap day, not 29 February of another year',
    { ...created, occurredAt: '2024-02-29T00:00:00Z' },
    { ...created, occurredAt: '2023-02-29T00:00:00Z' },
  ],
  [
    'the last second of a day, not hour 25',
    { ...created, occurredAt: '2024-05-01T23:59:59Z' },
    { ...created, occurredAt: '2024-05-01T25:00:00Z' },
  ],
  [
    'a time with an offset, not without one',
    { ...created, occurredAt: '2024-05-01T10:00:00-03:00' },
    { ...created, occurredAt: '2024-05-01T10:00:00' },
  ],
  ['a date and time, not a date', created, { ...created, occurredAt: '2024-05-01' }],
  ['a well-formed pair, not a lone surrogate', { ...created, source: '📦' }, { ...created, source: '\ud83d' }],
  ['a tab in an id, not a NUL', { ...created, id: 'a\tb' }, { ...created, id: 'a\0b' }],
  ['notify as a boolean, not as a string', { ...created, notify: false }, { ...created, notify: 'false' }],
  ['the known keys, not one more beside data', created, { ...created, extra: 1 }],
  ['1,000 lines, not 1,001', inData({ lines: Array(1000).fill(line) }), inData({ lines: Array(1001).fill(line) })],
  ['a total of 0, not of -1', inData({ totalMinor: 0 }), inData({ totalMinor: -1 })],
  ['a quantity of 0, not of -1', inData({ lines: [{ ...line, quantity: 0 }] }), inData({ lines: [{ ...line, quantity: -1 }] })],
  ['money in whole minor units, not in fractions', inData({ totalMinor: 1999 }), inData({ totalMinor: 19.99 })],
  ['a currency of three capitals, not in small letters', inData({ currency: 'BRL' }), inData({ currency: 'brl' })],
  ['a customer with an id, not with an empty one', inData({ customer: { id: 'c' } }), inData({ customer: { id: '' } })],
  [
    'an e-mail address, not just any text',
    inData({ customer: { id: 'c', email: 'a@b.example' } }),
    inData({ customer: { id: 'c', email: 'a' } }),
  ],
  [
    'a reason of 1,000 characters, not 1,001',
    { ...cancelled, data: { reason: 'x'.repeat(1000) } },
    { ...cancelled, data: { reason: 'x'.repeat(1001) } },
  ],
  ['a status of the graph, not another', statusChanged, { ...statusChanged, data: { status: 'lost' } }],
  ['a patch that changes something, not an empty one', updated, { ...updated, data: {} }],
  ['null in a patch, not in a snapshot', { ...updated, data: { currency: null } }, inData({ currency: null })],
  [
    'a customer patch without an id, not a snapshot without one',
    { ...updated, data: { customer: { name: 'n' } } },
    inData({ customer: { name: 'n' } }),
  ],
];

describe('OrderEvent', () => {
  it.each([created, statusChanged, cancelled, updated])('accepts the smallest event of type $type', (event) => {
    expect(OrderEvent.parse(event)).toMatchObject({ type: event.type, data: event.data });
  });

  it('covers every event type in this spec', () => {
    expect([created, updated, statusChanged, cancelled].map(({ type }) => type)).toEqual(orderEventTypes);
  });

  it.each(limits)('accepts %s', (_what, taken, refused) => {
    expect(OrderEvent.safeParse(taken).error?.issues ?? []).toEqual([]);
    expect(OrderEvent.safeParse(refused).success).toBe(false);
  });

  it.each(Object.keys(created))('refuses an event without %s and returns its position', (key) => {
    const { error } = OrderEvent.safeParse({ ...created, [key]: undefined });
    expect(error?.issues[0]?.path).toEqual([key]);
  });

  it.each(['order.deleted', 'ORDER.CREATED', '', null, 1])('refuses the type %j', (type) => {
    expect(OrderEvent.safeParse({ ...created, type }).success).toBe(false);
  });

  it.each([null, [], 'text', 5])('refuses %j as an event', (event) => {
    expect(OrderEvent.safeParse(event).success).toBe(false);
  });

  it('returns the position of a fault in the data', () => {
    const { error } = OrderEvent.safeParse(inData({ lines: [line, { ...line, quantity: 'two' }] }));
    expect(error?.issues[0]?.path).toEqual(['data', 'lines', 1, 'quantity']);
  });

  it('converts the time to UTC, so that events of several shops compare', () => {
    expect(OrderEvent.parse({ ...created, occurredAt: '2024-05-01T22:30:00-03:00' }).occurredAt).toBe('2024-05-02T01:30:00.000Z');
  });

  it('parses its own output to the same value, because consumers parse again', () => {
    const once = OrderEvent.parse(inData({ channel: 'web', metadata: { a: 1 } }));
    expect(OrderEvent.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
  });
});
