import { type RequestRefused } from '../http/request-refused';
import { checkEvent, maxEventBytes } from './check-event';

const event = {
  id: 'e-1',
  source: 'shop',
  type: 'order.status_changed',
  orderId: 'o-1',
  occurredAt: '2026-01-01T00:00:00+02:00',
  data: { status: 'shipped' },
};
const refusalOf = (body: unknown, path?: readonly PropertyKey[]): RequestRefused => {
  try {
    checkEvent(body, path);
  } catch (error) {
    return error as RequestRefused;
  }
  throw new Error('was not refused');
};
const pointersOf = (body: unknown, path?: readonly PropertyKey[]): string[] =>
  refusalOf(body, path).faults.flatMap((fault) => ('pointer' in fault ? [fault.pointer] : []));

describe('checkEvent', () => {
  it('accepts a valid event and converts its time to UTC', () => {
    expect(checkEvent(event).event).toEqual({ ...event, occurredAt: '2025-12-31T22:00:00.000Z' });
  });

  it('gives equal hashes only to equal events', () => {
    const { data, ...rest } = event;
    expect(checkEvent({ data, ...rest }).bodyHash).toEqual(checkEvent(event).bodyHash);
    expect(checkEvent({ ...event, notify: true }).bodyHash).not.toEqual(checkEvent(event).bodyHash);
  });

  it.each([
    ['a number instead of an object', 7, '#'],
    ['an unknown type', { ...event, type: 'order.exploded' }, '#/type'],
    ['a missing type', { ...event, type: undefined }, '#/type'],
    ['an unknown status', { ...event, data: { status: 'lost' } }, '#/data/status'],
    ['a missing id', { ...event, id: undefined }, '#/id'],
    ['an empty id', { ...event, id: '' }, '#/id'],
    ['an oversized id', { ...event, id: 'x'.repeat(201) }, '#/id'],
    ['an order id with blanks', { ...event, orderId: 'a b' }, '#/orderId'],
    ['an unknown field', { ...event, extra: 1 }, '#/extra'],
    ['a date that is none', { ...event, occurredAt: '2026-02-30T00:00:00Z' }, '#/occurredAt'],
    ['a date without an offset', { ...event, occurredAt: '2026-02-01T00:00:00' }, '#/occurredAt'],
    ['a date before the year 1', { ...event, occurredAt: '0001-01-01T00:00:00+01:00' }, '#/occurredAt'],
    ['a date after the year 9999', { ...event, occurredAt: '9999-12-31T23:59:59-01:00' }, '#/occurredAt'],
    [
      'a date of more than a year ahead',
      { ...event, occurredAt: new Date(Date.now() + 367 * 86_400_000).toISOString() },
      '#/occurredAt',
    ],
    ['data that is null', { ...event, data: null }, '#/data'],
    [
      'a mail address that is none',
      { ...event, type: 'order.created', data: { customer: { id: 'c', email: 'x' } } },
      '#/data/customer/email',
    ],
  ])('points to %s', (_, body, pointer) => {
    expect(pointersOf(JSON.parse(JSON.stringify(body)))).toEqual([pointer]);
    expect(refusalOf(body).code).toBe('validation-failed');
  });

  it('accepts a date less than a year ahead', () => {
    expect(() => checkEvent({ ...event, occurredAt: new Date(Date.now() + 365 * 86_400_000).toISOString() })).not.toThrow();
  });

  it('names all faults at once, with their positions in the batch', () => {
    expect(pointersOf({ ...event, id: 1, occurredAt: 'soon', extra: 1 }, [3])).toEqual(['#/3/id', '#/3/occurredAt', '#/3/extra']);
  });

  it('accepts an event of the largest size, and refuses one byte more', () => {
    const sized = (bytes: number): unknown => {
      const filler = { ...event, data: { status: 'shipped', note: '' } };
      return { ...filler, data: { ...filler.data, note: 'x'.repeat(bytes - JSON.stringify(filler).length) } };
    };
    expect(() => checkEvent(sized(maxEventBytes))).not.toThrow();
    expect(refusalOf(sized(maxEventBytes + 1)).code).toBe('payload-too-large');
  });
});
