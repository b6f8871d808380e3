import { createHash } from 'node:crypto';

/**
 * The idempotency key of one order version for one destination: SHA-256 in hex, the same in every process and at any time.
 * A redrive after a definite answer raises `epoch` and so gets a new key; a further try keeps the key.
 */
export function deliveryKey(delivery: { destination: string; orderId: string; version: number; epoch: number }): string {
  // A JSON array, so that no two deliveries can run together into the same text.
  const canonical = JSON.stringify([delivery.destination, delivery.orderId, delivery.version, delivery.epoch]);
  return createHash('sha256').update(canonical).digest('hex');
}
