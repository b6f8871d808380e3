import { z } from 'zod';
import { faultText } from './fault-text';
import { OrderEvent } from './order-event';

const faultsOf = (schema: z.ZodType, value: unknown): string[] =>
  (schema.safeParse(value, { error: faultText }).error?.issues ?? []).map(({ message }) => message);

const event = { id: 'e-1', source: 's', type: 'order.created', orderId: 'o-1', occurredAt: '2026-01-01T00:00:00Z' };

describe('faultText', () => {
  it.each<[string, z.ZodType, unknown]>([
    ['is missing', z.object({ a: z.string() }), {}],
    ['is missing', z.object({ a: z.enum(['x', 'y']) }), {}],
    ['must be text', z.string(), 1],
    ['must be a number', z.coerce.number(), 'x'],
    ['must be a whole number', z.int(), 1.5],
    ['must be a whole number', z.coerce.number().int(), '1.5'],
    ['must be true or false', z.boolean(), 'yes'],
    ['must be an array', z.array(z.string()), {}],
    ['must be an object', z.strictObject({}), []],
    ['must be an object', z.record(z.string(), z.string()), null],
    ['must be one of a, b, c', z.enum(['a', 'b', 'c']), 'd'],
    ['must be x', z.literal('x'), 'y'],
    ['must be at least 1', z.number().min(1), 0],
    ['must be more than 0', z.number().positive(), 0],
    ['must be at most 200', z.number().max(200), 201],
    ['must be at most 2147483647', z.int32(), 2 ** 31],
    ['must have at least 1 character', z.string().min(1), ''],
    ['must have at most 3 characters', z.string().max(3), 'four'],
    ['must have at most 1 item', z.array(z.string()).max(1), ['a', 'b']],
    ['must be an e-mail address', z.email(), 'x'],
    ['must be a UUID', z.guid(), 'x'],
    ['must match the documented format', z.string().regex(/^x$/), 'y'],
    ['must be text or a number', z.union([z.string(), z.number()]), {}],
    ['said by the schema', z.string('said by the schema'), 1],
  ])('describes a fault as %j', (text, schema, value) => {
    expect(faultsOf(schema, value)).toEqual([text]);
  });

  it.each<[string, unknown]>([
    ['is missing', { ...event, type: undefined }],
    ['is missing', { ...event, occurredAt: undefined, data: { customer: { id: 'c' } } }],
    [
      'must be one of order.created, order.updated, order.status_changed, order.cancelled',
      { ...event, type: 'order.eaten', data: {} },
    ],
    [
      'must be a time with a time zone, such as 2026-01-15T09:30:00Z',
      { ...event, occurredAt: 'now', data: { customer: { id: 'c' } } },
    ],
    [
      'must be text or a number or true or false or null',
      { ...event, data: { customer: { id: 'c' }, shippingAddress: { city: [] } } },
    ],
  ])('describes a fault of an event as %j', (text, value) => {
    expect(faultsOf(OrderEvent, JSON.parse(JSON.stringify(value)))).toEqual([text]);
  });

  it('never quotes the value', () => {
    const secret = 'sk_live_1';
    const texts = [z.enum(['a']), z.int(), z.email(), z.strictObject({}), z.union([z.int(), z.boolean()]), z.string().max(1)];
    for (const schema of texts) expect(faultsOf(schema, secret).join()).not.toContain(secret);
  });
});
