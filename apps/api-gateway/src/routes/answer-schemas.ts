import { OrderStatus } from '@orderly/contracts';
import { z } from 'zod';

// Schemas that several responses share.

/** A point in time. Sent as ISO 8601 in UTC. */
export const Moment = z.date();

/** A path of this API. */
export const Link = z.string().meta({ description: 'A path of this API', examples: ['/v1/orders/my-shop-1001'] });

/** An id that Orderly made: a UUIDv7, so ids sort by time. */
export const Id = z.guid();

/** JSON as it is stored. */
export const Json = z.unknown();

/** The cursor of the next page; null on the last page. */
export const NextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Send it as `cursor` to get the next page; null on the last page' });

/** The page size: 50 if not given, and at most 200, so that no page takes long or grows large. */
export const PageLimit = z
  .string()
  // Digits only: `Number` would also accept 0x10, 1e1 and a blank.
  .refine((text) => /^\d{1,9}$/.test(text), 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1).max(200))
  .default(50)
  .meta({
    description: 'Maximum number of entries per page',
    override: { default: 50, type: 'integer', minimum: 1, maximum: 200 },
  });

/** A status; null before the order existed. */
export const StatusOrNone = OrderStatus.nullable();
