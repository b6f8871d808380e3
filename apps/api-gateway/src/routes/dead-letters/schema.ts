import { OrderId, StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { Link, NextCursor, PageLimit } from '../../answer-schemas';
import { defineOperation } from '../../operation';
import { jobFields } from '../jobs/schema';

const DeadLetterQuery = z.strictObject({
  limit: PageLimit,
  cursor: z.guid('must be a nextCursor of an earlier page').optional(),
  orderId: OrderId.optional(),
  destination: StorableText(100).optional(),
  code: StorableText(100).optional(),
});

const DeadLetter = z.object({ ...jobFields, links: z.object({ job: Link }) }).meta({ id: 'DeadLetter' });

export const listDeadLettersOperation = defineOperation({
  id: 'listDeadLetters',
  method: 'get',
  path: '/v1/dead-letters',
  tag: 'Jobs',
  summary: 'Jobs that failed for good, the newest first',
  scope: 'ops:read',
  query: DeadLetterQuery,
  answer: {
    status: 200,
    description: 'A page',
    schema: z.object({ deadLetters: z.array(DeadLetter), nextCursor: NextCursor }),
  },
  errors: [],
});
