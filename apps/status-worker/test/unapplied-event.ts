import type { UnappliedEvent } from '@orderly/ledger';
import { buildPendingEvent } from '@orderly/orders/testing';

/** An `order.status_changed` to `confirmed`, accepted by the shop at 2026-01-01T01:00:00.000Z and due, but for the overrides. */
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
