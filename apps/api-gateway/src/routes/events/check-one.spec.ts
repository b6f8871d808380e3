import type { IntakeResult } from '@orderly/ledger';
import { withRemoteParent } from '@orderly/observability';
import type { FastifyRequest } from 'fastify';
import { checkBatch } from './check-batch';
import { checkOne } from './check-one';

const [mine, theirs] = ['a'.repeat(32), 'b'.repeat(32)] as const;
const inTrace = <Result>(traceId: string, fn: () => Result): Result =>
  withRemoteParent({ traceparent: `00-${traceId}-b7ad6b7169203331-01` }, fn);

const request = { id: 'r-1' } as FastifyRequest;
const event = {
  id: 'e-1',
  source: 'shop',
  type: 'order.created',
  orderId: 'o-1',
  occurredAt: '2026-01-01T00:00:00Z',
  data: { customer: { id: 'c-1' } },
};
const reused: readonly IntakeResult[] = [{ status: 'reused', eventId: 'e-0' }];

describe('the refusal of an event with a reused id', () => {
  it.each([
    ['an event', () => checkOne(event, request)],
    ['an array', () => checkBatch([event], request)],
  ])('names the trace of its own request, although %s shares a transaction with others', (_, check) => {
    const checked = inTrace(mine, check);
    const { body } = inTrace(theirs, () => checked.answer(reused));
    expect(JSON.parse(body)).toMatchObject({ traceId: mine });
  });
});
