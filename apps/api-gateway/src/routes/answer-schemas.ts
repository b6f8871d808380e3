import { OrderStatus } from '@orderly/contracts';
import { z } from 'zod';

// What several answers are made of.

/** A moment; ISO 8601 in UTC on the wire. */
export const Moment = z.date();

/** A path of this API. */
export const Link = z.string().meta({ description: 'A path of this API', examples: ['/v1/orders/my-shop-1001'] });

/** Ours, a UUIDv7. */
export const Id = z.guid();

/** JSON as it is kept. */
export const Json = z.unknown();

/** The cursor of the next page; null on the last one. */
export const NextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Give it as `cursor` to get the next page; null on the last' });

/** How many to answer with at once. */
export const PageLimit = z
  .string()
  // Digits alone: to `Number` 0x10, 1e1 and a blank are something too.
  .refine((text) => /^\d{1,9}$/.test(text), 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1).max(200))
  .default(50)
  .meta({
    description: 'How many to answer with at once',
    override: { default: 50, type: 'integer', minimum: 1, maximum: 200 },
  });

/** A status change, or the beginning of an order. */
export const StatusOrNone = OrderStatus.nullable();
