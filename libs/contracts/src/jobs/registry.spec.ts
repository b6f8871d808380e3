import type { z } from 'zod';
import { cleanupSchedules, cleanupTasks } from './cleanup-tasks';
import { findJobDefinition, jobDefinitions } from './registry';

const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';

/** One payload of each released shape. Such jobs may still wait in a ledger, so all shapes must parse for ever. */
const releasedPayloads: Readonly<Record<keyof typeof jobDefinitions, readonly [payload: unknown, queue: string][]>> = {
  'apply-order-event': [[{ orderId: 'A-1' }, 'order-status']],
  'sync-order': [[{ destination: 'erp', orderId: 'A-1', version: 1 }, 'order-sync.erp']],
  'send-notification': [[{ orderId: 'A-1', version: 1, kind: 'shipped' }, 'notifications']],
  'send-alert': [
    [
      {
        ...{
          channel: 'webhook',
          cause: 'dead-letters',
          subject: 'destination-refused:erp',
          count: 3,
          code: 'destination-refused',
        },
        ...{ firstAt: '2026-01-01T00:00:00.000Z', lastAt: '2026-01-01T00:15:00.000Z', previousAt: '2026-01-01T00:00:00.000Z' },
        ...{ exampleId: uuid, detail: 'It uses 90 % of its memory.' },
      },
      'notifications',
    ],
  ],
  'expire-tokens': [[{ runId: uuid }, 'maintenance']],
  'expire-history': [[{ runId: uuid }, 'maintenance']],
  'rotate-logs': [[{ runId: uuid }, 'maintenance']],
};
const released = Object.entries(releasedPayloads).flatMap(([name, payloads]) =>
  payloads.map((entry) => [name, ...entry] as const),
);

const refused: readonly [why: string, name: keyof typeof jobDefinitions, payload: unknown][] = [
  ['a version of 0', 'sync-order', { destination: 'erp', orderId: 'A-1', version: 0 }],
  ['a version that is not an integer', 'sync-order', { destination: 'erp', orderId: 'A-1', version: 1.5 }],
  ['an empty destination', 'sync-order', { destination: '', orderId: 'A-1', version: 1 }],
  ['an order id with a space', 'apply-order-event', { orderId: 'A 1' }],
  ['a run id that is not a UUID', 'expire-tokens', { runId: '1' }],
  ['a kind without a message', 'send-notification', { orderId: 'A-1', version: 1, kind: 'processing' }],
  [
    'an alert about nothing',
    'send-alert',
    {
      ...{ channel: 'mail', cause: 'dead-letters', subject: 'a', count: 0 },
      ...{ firstAt: '2026-01-01T00:00:00.000Z', lastAt: '2026-01-01T00:00:00.000Z' },
    },
  ],
  ['a missing run', 'rotate-logs', {}],
];

describe('the registry of jobs', () => {
  it.each(released)('parses the released payload of %s unchanged and gives its queue', (name, payload, queue) => {
    const definition = findJobDefinition(name)!;
    const parsed = definition.payload.parse(payload);
    expect(parsed).toEqual(payload);
    expect((definition.queue as (payload: unknown) => string)(parsed)).toBe(queue);
  });

  it.each(refused)('refuses %s', (_why, name, payload) => {
    expect((jobDefinitions[name].payload as z.ZodType).safeParse(payload).success).toBe(false);
  });

  it('registers every job under its own name', () => {
    expect(Object.entries(jobDefinitions).filter(([key, { name }]) => key !== name)).toEqual([]);
  });

  it.each(['', 'no-such-job', 'toString', '__proto__'])('finds no job named %j', (name) => {
    expect(findJobDefinition(name)).toBeUndefined();
  });

  it('schedules every cleanup task', () => {
    expect(Object.keys(cleanupSchedules).sort()).toEqual(Object.keys(cleanupTasks).sort());
  });
});
