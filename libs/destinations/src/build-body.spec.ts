import { buildBody, type OrderVersion } from './build-body';
import type { JsonValue } from './destination';

const order: OrderVersion = {
  orderId: 'o-1',
  version: 3,
  status: 'shipped',
  previousStatus: 'processing',
  change: { from: 'processing', to: 'shipped', at: '2026-01-02T03:04:05.000Z' },
  data: {
    currency: 'BRL',
    totalMinor: 1990,
    customer: { id: 'c-1', name: 'Ana "A"' },
    lines: [{ sku: 's', quantity: 2, unitPriceMinor: 995 }],
  },
};

const bodyOf = (
  body: 'envelope' | JsonValue,
  version: OrderVersion = order,
  mode: 'latest-state' | 'every-event' = 'latest-state',
) => buildBody({ mode, request: { method: 'PUT', url: 'https://x.example/', headers: {}, body } }, version);

describe('buildBody', () => {
  it('wraps a version in the envelope, with keys in a fixed order and the time of its change', () => {
    expect(bodyOf('envelope')).toBe(
      '{"type":"order.snapshot","timestamp":"2026-01-02T03:04:05.000Z","data":{"orderId":"o-1","version":3,"status":"shipped",' +
        '"previousStatus":"processing","change":{"from":"processing","to":"shipped","at":"2026-01-02T03:04:05.000Z"},' +
        '"order":{"currency":"BRL","customer":{"id":"c-1","name":"Ana \\"A\\""},"lines":[{"quantity":2,"sku":"s","unitPriceMinor":995}],' +
        '"totalMinor":1990}}}',
    );
  });

  it('tells the newest version from one of a series', () => {
    expect(JSON.parse(bodyOf('envelope', order, 'every-event'))).toMatchObject({ type: 'order.changed' });
  });

  it('gives identical bytes for the same version, however its keys are ordered', () => {
    const { customer, lines, ...rest } = order.data;
    const shuffled: OrderVersion = {
      data: { lines, ...rest, customer: { name: customer.name, id: customer.id } },
      change: { at: order.change.at, to: order.change.to, from: order.change.from },
      previousStatus: 'processing',
      status: 'shipped',
      version: 3,
      orderId: 'o-1',
    };
    expect(bodyOf('envelope', shuffled)).toBe(bodyOf('envelope'));
    expect(bodyOf({ a: '{{order}}', b: 'x {{order.customer}}' }, shuffled)).toBe(
      bodyOf({ a: '{{order}}', b: 'x {{order.customer}}' }),
    );
  });

  it('keeps keys that JavaScript treats specially', () => {
    const metadata = JSON.parse('{"__proto__": {"a": 1}, "2": 1, "1": 2}') as Record<string, unknown>;
    const body = bodyOf('envelope', { ...order, data: { customer: { id: 'c' }, metadata } });
    expect(body).toContain('"metadata":{"1":2,"2":1,"__proto__":{"a":1}}');
  });

  it('leaves out the previous status if there is none', () => {
    const first: OrderVersion = { ...order, previousStatus: undefined, change: { ...order.change, from: null } };
    expect(JSON.parse(bodyOf('envelope', first))).toEqual({
      type: 'order.snapshot',
      timestamp: order.change.at,
      data: { orderId: 'o-1', version: 3, status: 'shipped', change: { ...order.change, from: null }, order: order.data },
    });
  });

  it('fills a template with JSON values, and with text where a placeholder is part of a string', () => {
    const template = {
      ref: '{{orderId}}',
      total: '{{ order.totalMinor }}',
      lines: '{{order.lines}}',
      sku: '{{order.lines.0.sku}}',
      text: 'Order {{orderId}} v{{version}}: {{change.from}} to {{change.to}}',
      constant: [1, null, true, 'plain'],
    };
    expect(JSON.parse(bodyOf(template))).toEqual({
      ref: 'o-1',
      total: 1990,
      lines: order.data.lines,
      sku: 's',
      text: 'Order o-1 v3: processing to shipped',
      constant: [1, null, true, 'plain'],
    });
  });

  it('fills in null or nothing if the order has no value, and reads no inherited properties', () => {
    const template = { reason: '{{change.reason}}', text: '[{{change.reason}}]', odd: '{{order.metadata.constructor}}' };
    expect(JSON.parse(bodyOf(template, { ...order, data: { ...order.data, metadata: {} } }))).toEqual({
      reason: null,
      text: '[]',
      odd: null,
    });
  });

  it('does not treat the text of an order as a template', () => {
    const sly: OrderVersion = { ...order, data: { ...order.data, currency: '{{orderId}}' } };
    expect(JSON.parse(bodyOf({ a: '{{order.currency}}', b: 'x{{order.currency}}' }, sly))).toEqual({
      a: '{{orderId}}',
      b: 'x{{orderId}}',
    });
  });
});
