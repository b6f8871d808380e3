/** Example events for the API document: the life of one order, with each event type once. */
export const eventExamples = {
  'order.created': {
    id: 'e-1',
    source: 'my-shop',
    type: 'order.created',
    orderId: 'my-shop-1001',
    occurredAt: '2026-01-15T09:30:00Z',
    data: {
      currency: 'EUR',
      totalMinor: 4990,
      lines: [{ sku: 'MUG-01', name: 'Mug, blue', quantity: 2, unitPriceMinor: 2495 }],
      customer: { id: 'c-17', email: 'ada@example.com', name: 'Ada Example', locale: 'en-IE' },
    },
  },
  'order.status_changed': {
    id: 'e-2',
    source: 'my-shop',
    type: 'order.status_changed',
    orderId: 'my-shop-1001',
    occurredAt: '2026-01-15T10:00:00Z',
    data: { status: 'confirmed' },
  },
  'order.updated': {
    id: 'e-3',
    source: 'my-shop',
    type: 'order.updated',
    orderId: 'my-shop-1001',
    occurredAt: '2026-01-15T10:15:00Z',
    data: { shippingAddress: { line1: 'Example Street 1', city: 'Dublin', country: 'IE' } },
  },
  'order.cancelled': {
    id: 'e-4',
    source: 'my-shop',
    type: 'order.cancelled',
    orderId: 'my-shop-1001',
    occurredAt: '2026-01-15T11:00:00Z',
    data: { reason: 'The customer changed their mind' },
  },
} as const;

/** Several events in one request. */
export const batchExample = [eventExamples['order.created'], eventExamples['order.status_changed']];
