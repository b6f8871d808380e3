import { z } from 'zod';

/**
 * 1 to 128 printable ASCII characters without spaces. Ids are shared by all sources, so platform adapters add a prefix
 * (`shopify-<shop>-<id>`). `.` and `..` are refused, because URLs resolve them to a different path.
 */
export const OrderId = z
  .string()
  .regex(/^(?!\.{1,2}$)[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces, and not . or ..')
  .meta({ description: 'The id of the order; the same id from another source is the same order', examples: ['my-shop-1001'] });
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
