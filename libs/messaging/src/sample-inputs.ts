import type { MessageInput } from './message-view';

/** A complete order and a minimal one. Together they reach every branch of the templates. */
export const sampleInputs: readonly MessageInput[] = [
  {
    order: {
      orderId: 'sample-1001',
      version: 3,
      status: 'shipped',
      data: {
        currency: 'EUR',
        totalMinor: 12_980,
        lines: [
          { sku: 'TEA-250', name: 'Green tea, 250 g', quantity: 2, unitPriceMinor: 1_490 },
          { sku: 'POT-01', quantity: 1, unitPriceMinor: 10_000 },
          ...Array.from({ length: 60 }, (_, index) => ({ sku: `GIFT-${index}`, quantity: 1, unitPriceMinor: 0 })),
        ],
        customer: { id: 'c-1', email: 'jo@example.com', name: 'Jo Sample', locale: 'en-IE' },
        shippingAddress: { name: 'Jo Sample', line1: '1 Harbour Street', postalCode: 'D02', city: 'Dublin', country: 'Ireland' },
      },
    },
    change: { from: 'confirmed', to: 'shipped', at: '2030-01-02T03:04:05.000Z', reason: 'As agreed by phone' },
  },
  {
    order: { orderId: 'sample-1002', version: 1, status: 'pending', data: { customer: { id: 'c-2' } } },
    change: { from: null, to: 'pending', at: '2030-01-02T03:04:05.000Z' },
  },
];
