import { z } from 'zod';
import { Id, Link, NextCursor } from '../answer-schemas';
import { FilterText, OrderFilter, listQuery, pageCursor, pagesText } from '../list-query';
import { defineOperation } from '../../http/operation';
import { jobFields } from '../jobs/schema';

const DeadLetterQuery = listQuery({
  cursor: pageCursor('dead-letters', Id),
  orderId: OrderFilter,
  destination: FilterText(100, 'The destination of the job'),
  code: FilterText(100, 'The error code of the dead letter'),
  fingerprint: FilterText(300, 'The error code and the destination, or the error code and the job type').meta({
    examples: ['destination-refused:erp'],
  }),
});

const DeadLetter = z.object({ ...jobFields, links: z.object({ job: Link }) }).meta({ id: 'DeadLetter' });

export const listDeadLettersOperation = defineOperation({
  id: 'listDeadLetters',
  method: 'get',
  path: '/v1/dead-letters',
  tag: 'Jobs',
  summary: 'List jobs that failed for good, newest first',
  description: pagesText,
  scope: 'ops:read',
  query: DeadLetterQuery,
  answer: {
    status: 200,
    description: 'A page of dead letters',
    schema: z.object({ deadLetters: z.array(DeadLetter), nextCursor: NextCursor }),
  },
  errors: [],
});
