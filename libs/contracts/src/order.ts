import { z } from 'zod';

/**
 * 1 to 128 printable ASCII characters without blanks; global, so platform adapters prefix theirs (`shopify-<shop>-<id>`). Not `.`
 * or `..`, which would be another path in every URL that names the order.
 */
export const OrderId = z
  .string()
  .regex(/^(?!\.{1,2}$)[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters without blanks, and not . or ..')
  .meta({ description: 'One order wherever news of it comes from', examples: ['my-shop-1001'] });
export type OrderId = z.infer<typeof OrderId>;

export const orderStatuses = [
  'pending',
  'confirmed',
  'processing',
  'shipped',
  'delivered',
  'returned',
  'refunded',
  'cancelled',
] as const;

export const OrderStatus = z.enum(orderStatuses).meta({ id: 'OrderStatus' });
export type OrderStatus = z.infer<typeof OrderStatus>;

/** Grows by one per applied change of an order; the first is 1. */
export type Version = number;
