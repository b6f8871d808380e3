import { OrderId } from '@orderly/contracts';
import { z } from 'zod';
import { IdCursor, Link, NextCursor, PageLimit } from '../../answer-schemas';
import { defineOperation } from '../../operation';
import { jobFields } from '../jobs/schema';

const DeadLetterQuery = z.strictObject({
  limit: PageLimit,
  cursor: IdCursor,
  orderId: OrderId.optional(),
  destination: StorableText(100).optional().meta({ description: 'The destination that it was for' }),
  code: StorableText(100).optional().meta({ description: 'The error code that it ended with' }),
});

const DeadLetter = z.object({ ...jobFields, links: z.object({ job: Link }) }).meta({ id: 'DeadLetter' });

export const listDeadLettersOperation = defineOperation({
  id: 'listDeadLetters',
  method: 'get',
  path: '/v1/dead-letters',
  tag: 'Jobs',
  summary: 'Jobs that failed for good, the newest first',
  description: pagesText,
  scope: 'ops:read',
  query: DeadLetterQuery,
  answer: {
    status: 200,
    description: 'A page',
    schema: z.object({ deadLetters: z.array(DeadLetter), nextCursor: NextCursor }),
  },
  errors: [],
});
