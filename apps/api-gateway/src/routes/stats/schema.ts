import { maxCountedJobs } from '@orderly/read-model';
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
    from: Moment.nullable().meta({ description: 'Start of the counted time span; null for a batch' }),
    to: Moment.nullable().meta({ description: 'End of the counted time span; null for a batch' }),
    events: z.object({ accepted: z.int().nonnegative() }),
    orders: Counts.meta({ description: 'By status. `unknown`: their `order.created` has not been applied' }),
    messages: Counts.meta({ description: 'By state' }),
    open: z.int().meta({
      description: 'Jobs that are running or will run by themselves. 0: no work is left, or all of it is parked or blocked',
    }),
    parked: z.int().meta({ description: 'Events that wait for an earlier change of their order, or for their deadline' }),
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

/** The longest time span that is counted, one hour: the query reads every job and message of the span. */
export const maxSpanMs = 3_600_000;
/** The span without `from` and `to`: short enough for a busy system, see {@link maxCountedJobs}. */
export const defaultSpanMs = 300_000;

const StatisticsQuery = z
  .strictObject({
    batch: BatchLabel.optional().meta({ description: 'Count the events with this label, of any time' }),
    from: Time.optional().meta({ description: 'Start of the time span. Default: one hour before `to`' }),
    to: Time.optional().meta({ description: 'End of the time span, exclusive. Default: one hour after `from`' }),
  })
  .check(({ value: { batch, from, to }, issues }) => {
    const refuse = (input: unknown, message: string): void =>
      void issues.push({ code: 'custom', path: ['from'], input, message });
    if (batch !== undefined && (from ?? to) !== undefined) refuse(from, 'and to must not be given with batch');
    // The check also runs for a time that does not parse, which is still a text.
    if (!(from instanceof Date && to instanceof Date)) return;
    if (from > to) refuse(from, 'must not be later than to');
    if (to.getTime() - from.getTime() > maxSpanMs) refuse(from, 'must be at most one hour before to');
  });
export type StatisticsQuery = z.output<typeof StatisticsQuery>;

export const readStatisticsOperation = defineOperation({
  id: 'readStatistics',
  method: 'get',
  path: '/v1/stats',
  tag: 'Operations',
  summary: 'Count events, jobs, orders and messages',
  description:
    `Counts one labelled batch, or a time span of at most one hour. Default: the last five minutes. ` +
    `A span with more than ${maxCountedJobs.toLocaleString('en-US')} jobs is refused: choose a shorter one.`,
  scope: 'ops:read',
  query: StatisticsQuery,
  answer: { status: 200, description: 'The counts, all as of the same moment', schema: Statistics },
  errors: [],
});
