import { OrderId, StorableText } from '@orderly/contracts';
import { z } from 'zod';

export const DeadLetterQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.guid('must be a nextCursor of an earlier page').optional(),
  orderId: OrderId.optional(),
  destination: StorableText(100).optional(),
  code: StorableText(100).optional(),
});
