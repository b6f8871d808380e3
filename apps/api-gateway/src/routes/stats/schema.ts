import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { BatchLabel } from '../../intake/check-event';
import { Moment } from '../answer-schemas';
import { JobState } from '../jobs/schema';
import { Time } from '../list-query';

const Counts = z.record(z.string(), z.int().nonnegative()).readonly();

const Statistics = z
  .object({
    batch: z.string().nullable(),
    from: Moment.nullable().meta({ description: 'The span that was counted; null for a batch' }),
    to: Moment.nullable(),
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

/** The widest span that is counted: without a batch every job and message of it is read. */
export const maxSpanMs = 3_600_000;

const StatisticsQuery = z
  .strictObject({
    batch: BatchLabel.optional().meta({ description: 'Count one labelled batch, whenever it was sent' }),
    from: Time.optional().meta({ description: 'Count what was made from this time on. Default: one hour before `to`' }),
    to: Time.optional().meta({ description: 'Count what was made before this time. Default: one hour after `from`, or now' }),
  })
  .check(({ value: { batch, from, to }, issues }) => {
    const refuse = (input: unknown, message: string): void =>
      void issues.push({ code: 'custom', path: ['from'], input, message });
    if (batch !== undefined && (from ?? to) !== undefined) refuse(from, 'and to must not be given with batch');
    if (from && to && from > to) refuse(from, 'must not be later than to');
    if (from && to && to.getTime() - from.getTime() > maxSpanMs) refuse(from, 'must be at most one hour before to');
  });
export type StatisticsQuery = z.output<typeof StatisticsQuery>;

export const readStatisticsOperation = defineOperation({
  id: 'readStatistics',
  method: 'get',
  path: '/v1/stats',
  tag: 'Operations',
  summary: 'Counts of events, jobs, orders and messages',
  description: 'Of a labelled batch, or of one hour at most: the last one, unless `from` or `to` says otherwise.',
  scope: 'ops:read',
  query: StatisticsQuery,
  answer: { status: 200, description: 'The counts, all of one moment', schema: Statistics },
  errors: [],
});
