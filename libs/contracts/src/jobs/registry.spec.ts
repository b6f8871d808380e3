import type { z } from 'zod';
import { cleanupSchedules, cleanupTasks } from './cleanup-tasks';
import { findJobDefinition, jobDefinitions } from './registry';

const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';

/** One payload of each shape that was ever released: jobs of that shape may still wait in a ledger, so each must parse forever. */
const releasedPayloads: Readonly<Record<keyof typeof jobDefinitions, readonly [payload: unknown, queue: string][]>> = {
  'apply-order-event': [[{ orderId: 'A-1' }, 'order-status']],
  'sync-order': [[{ destination: 'erp', orderId: 'A-1', version: 1 }, 'order-sync.erp']],
  'send-notification': [[{ orderId: 'A-1', version: 1, kind: 'shipped' }, 'notifications']],
  'expire-tokens': [[{ runId: uuid }, 'maintenance']],
  'rotate-logs': [[{ runId: uuid }, 'maintenance']],
};
const released = Object.entries(releasedPayloads).flatMap(([name, payloads]) =>
  payloads.map((entry) => [name, ...entry] as const),
);

const refused: readonly [why: string, name: keyof typeof jobDefinitions, payload: unknown][] = [
  ['a version of 0', 'sync-order', { destination: 'erp', orderId: 'A-1', version: 0 }],
  ['a version that is no integer', 'sync-order', { destination: 'erp', orderId: 'A-1', version: 1.5 }],
  ['an empty destination', 'sync-order', { destination: '', orderId: 'A-1', version: 1 }],
  ['an order id with a blank', 'apply-order-event', { orderId: 'A 1' }],
  ['a run id that is no UUID', 'expire-tokens', { runId: '1' }],
  ['a kind that nobody is told of', 'send-notification', { orderId: 'A-1', version: 1, kind: 'processing' }],
  ['a missing run', 'rotate-logs', {}],
];

describe('the registry of jobs', () => {
  it.each(released)('parses what was released as %s, unchanged, and knows its queue', (name, payload, queue) => {
    const definition = findJobDefinition(name)!;
    const parsed = definition.payload.parse(payload);
    expect(parsed).toEqual(payload);
    expect((definition.queue as (payload: unknown) => string)(parsed)).toBe(queue);
  });

  it.each(refused)('refuses %s', (_why, name, payload) => {
    expect((jobDefinitions[name].payload as z.ZodType).safeParse(payload).success).toBe(false);
  });

  it('holds every job under its own name', () => {
    expect(Object.entries(jobDefinitions).filter(([key, { name }]) => key !== name)).toEqual([]);
  });

  it.each(['', 'no-such-job', 'toString', '__proto__'])('finds nothing under %j', (name) => {
    expect(findJobDefinition(name)).toBeUndefined();
  });

  it('has a schedule for every cleanup task', () => {
    expect(Object.keys(cleanupSchedules).sort()).toEqual(Object.keys(cleanupTasks).sort());
  });
});
