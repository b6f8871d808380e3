import type { UnappliedEvent } from '@orderly/ledger';
import { buildPendingEvent } from '@orderly/orders/testing';

/** A due `order.status_changed` to `confirmed` of 2026-01-01T01:00:00.000Z, with overrides. */
export const buildUnappliedEvent = (overrides: Partial<UnappliedEvent> = {}): UnappliedEvent => ({
  ...buildPendingEvent(),
  source: 'shop',
  actor: { name: 'shop', apiKeyId: null, onBehalfOf: null },
  batch: null,
  traceparent: null,
  tracestate: null,
  acceptedAt: new Date('2026-01-01T01:00:00.000Z'),
  dueInMs: 0,
  ...overrides,
});
