import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { BatchLabel } from '../../intake/check-event';
import { JobState } from '../jobs/schema';

const Counts = z.record(z.string(), z.int().nonnegative()).readonly();

const Statistics = z
  .object({
    batch: z.string().nullable(),
    events: z.object({ accepted: z.int().nonnegative() }),
    orders: Counts.meta({ description: 'By status; `unknown` are those whose `order.created` has not been applied' }),
    messages: Counts.meta({ description: 'By state' }),
    open: z.int().meta({ description: 'Jobs that run or will run by themselves. At 0 nothing moves any more' }),
    parked: z.int().meta({ description: 'Events that wait for their order to move, or for their deadline' }),
    blocked: z.int().meta({ description: 'Jobs behind the head of their lane' }),
    ended: z.int(),
    jobs: z
      .array(
        z.object({
          name: z.string(),
          destination: z.string().nullable(),
          state: JobState,
          outcome: z.string().nullable(),
          count: z.int().positive(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Statistics' });

export const readStatisticsOperation = defineOperation({
  id: 'readStatistics',
  method: 'get',
  path: '/v1/stats',
  tag: 'Operations',
  summary: 'Counts of events, jobs, orders and messages',
  scope: 'ops:read',
  query: z.strictObject({ batch: BatchLabel.optional().meta({ description: 'Count one labelled batch alone' }) }),
  answer: { status: 200, description: 'The counts, all of one moment', schema: Statistics },
  errors: [],
});
