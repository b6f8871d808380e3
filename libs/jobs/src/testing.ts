import type { ClaimedJob } from './claim';

/** A `sync-order` job of order-1 that was claimed for its first attempt, but for the overrides. */
export function buildClaimedJob(overrides: Partial<ClaimedJob> = {}): ClaimedJob {
  return {
    id: '01980000-0000-7000-8000-000000000001',
    name: 'sync-order',
    queue: 'order-sync.erp',
    payload: { destination: 'erp', orderId: 'order-1', version: 1 },
    token: '01980000-0000-7000-8000-00000000000a',
    attemptsUsed: 0,
    tries: 1,
    crashes: 0,
    isProbe: false,
    orderId: 'order-1',
    destination: 'erp',
    version: 1,
    intentVersion: 1,
    ackedVersion: 0,
    epoch: 0,
    ageMs: 0,
    waitMs: 0,
    traceparent: null,
    tracestate: null,
    ...overrides,
  };
}
