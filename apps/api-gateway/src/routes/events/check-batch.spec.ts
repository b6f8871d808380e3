import type { FastifyRequest } from 'fastify';
import { checkBatch } from './check-batch';

const request = { id: 'r-1' } as FastifyRequest;
const answerTo = (bodies: readonly unknown[]): string => checkBatch(bodies, request).answer([]).body;

/** Twenty faults, deeply nested. */
const wrongDeepDown = Array.from({ length: 12 }).reduce<unknown>(
  (inner) => ({ ['é'.repeat(48)]: inner }),
  Array(20).fill('\ud800'),
);
const wrong = { type: 'order.created', ...Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`unknown-${index}`, 1])) };

const faultsIn = (body: string): number[] =>
  (JSON.parse(body) as { results: { problem: { errors: unknown[] } }[] }).results.map(({ problem }) => problem.errors.length);

describe('the answer to an array of events with many faults', () => {
  it('is not many times as large as the request, and has faults of each event', () => {
    const bodies = Array(1000).fill(wrongDeepDown);
    const body = answerTo(bodies);
    expect(Buffer.byteLength(body)).toBeLessThan(2 * Buffer.byteLength(JSON.stringify(bodies)));
    expect(Math.min(...faultsIn(body))).toBe(2);
  });

  it('has all faults of each event if there are few', () => {
    expect(faultsIn(answerTo(Array(100).fill(wrong)))).toEqual(Array(100).fill(20));
  });
});
