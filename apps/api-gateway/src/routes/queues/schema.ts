import { StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { Moment } from '../answer-schemas';
import { defineOperation } from '../../http/operation';
import { errorsOfActions, keyHeaders, replayHeaders } from '../action-body';
import { Pause, PauseBody, ResumeBody } from '../pause-schema';

const Count = z.int().nonnegative();

const PriorityCounts = z
  .object({ critical: Count, high: Count, normal: Count, low: Count, total: Count })
  .meta({ id: 'PriorityCounts' });

const Hold = z
  .object({
    reason: z.string().meta({ description: '`throttled`, or the error code that caused the hold' }),
    since: Moment,
    until: Moment.meta({
      description: 'For `throttled`: the end of the hold. Otherwise: the next time at which one job may try',
    }),
  })
  .meta({ id: 'Hold' });

const RateCounts = z.object({ created: z.number().nonnegative(), ended: z.number().nonnegative() });

const Queue = z
  .object({
    name: z.string(),
    destination: z.string().nullable(),
    paused: Pause,
    hold: Hold.nullable().meta({ description: 'The hold of the destination. A pause is not a hold' }),
    workers: Count.meta({ description: 'Live processes that serve the queue' }),
    counts: z
      .object({
        runnable: PriorityCounts.meta({ description: 'Due and waiting for a worker' }),
        delayed: PriorityCounts.meta({ description: 'Not due yet' }),
        retrying: PriorityCounts.meta({ description: 'Tried before and waiting for another attempt' }),
        running: PriorityCounts,
        blocked: PriorityCounts.meta({ description: 'Behind the head of their lane' }),
        parked: PriorityCounts.meta({ description: 'Events that wait for an earlier change of their order' }),
      })
      .meta({ description: 'Open jobs by state and priority' }),
    oldestWaitMs: z
      .number()
      .nonnegative()
      .nullable()
      .meta({ description: 'How long the oldest due job has waited, in milliseconds; null if none is due' }),
    blockedLanes: z
      .object({
        count: Count.meta({ description: 'Orders that wait for a person, up to 10,000' }),
        oldestWaitMs: z.number().nonnegative().meta({ description: 'How long the oldest of them has waited, in milliseconds' }),
      })
      .nullable()
      .meta({ description: 'Null if no lane of the destination is blocked' }),
    rates: z.object({
      lastMinute: RateCounts,
      lastFiveMinutes: RateCounts.nullable().meta({
        description: 'Per minute; null if there are too many jobs to count in time',
      }),
    }),
  })
  .meta({ id: 'Queue' });

export const listQueuesOperation = defineOperation({
  id: 'listQueues',
  method: 'get',
  path: '/v1/queues',
  tag: 'Queues',
  summary: 'List queues with their waiting, running and held jobs',
  description: 'Shows the fixed queues, and every other queue that a process serves, that has jobs, or that is paused.',
  scope: 'ops:read',
  answer: { status: 200, description: 'The queues, sorted by name', schema: z.object({ queues: z.array(Queue) }) },
  errors: [],
});

const PauseState = z
  .object({
    queue: z.string(),
    destination: z.string().nullable(),
    paused: Pause,
    changed: z.boolean().meta({ description: 'False if the queue was already in this state' }),
  })
  .meta({ id: 'PauseState' });

const QueueParams = z.strictObject({
  name: StorableText(200)
    .min(1)
    .meta({ description: 'The name of the queue', examples: ['notifications'] }),
});
const DestinationParams = z.strictObject({
  name: StorableText(100)
    .min(1)
    .meta({ description: 'The name of the destination', examples: ['erp'] }),
});

const pauseMeaning =
  'Running jobs finish; no new job starts, and waiting jobs use no attempt. The pause is stored in the ledger, so it survives restarts and the loss of Redis. Idempotent.';
const resumeMeaning = 'Work continues within seconds. Other holds of the destination stay. Idempotent.';

const example = { reason: 'The ERP is being migrated', actor: 'ada' };

const pauseOperation = <Params extends z.ZodObject>(verb: 'pause' | 'resume', kind: 'queue' | 'destination', params: Params) =>
  defineOperation({
    id: `${verb}${kind === 'queue' ? 'Queue' : 'Destination'}`,
    method: 'post',
    path: `/v1/${kind}s/{name}/${verb}`,
    tag: 'Queues',
    summary: `${verb === 'pause' ? 'Pause' : 'Resume'} ${kind === 'queue' ? 'a queue' : 'deliveries to a destination'}`,
    description: verb === 'pause' ? pauseMeaning : resumeMeaning,
    scope: 'ops:write',
    params,
    headers: keyHeaders,
    body: {
      schema: verb === 'pause' ? PauseBody.optional() : ResumeBody.optional(),
      examples: { [verb]: verb === 'pause' ? { ...example, forSeconds: 3600 } : example },
    },
    answer: { status: 200, description: 'The new state of the queue', schema: PauseState, headers: replayHeaders },
    errors: [...errorsOfActions, kind === 'queue' ? 'not-found' : 'destination-unknown'],
  });

export const pauseQueueOperation = pauseOperation('pause', 'queue', QueueParams);
export const resumeQueueOperation = pauseOperation('resume', 'queue', QueueParams);
export const pauseDestinationOperation = pauseOperation('pause', 'destination', DestinationParams);
export const resumeDestinationOperation = pauseOperation('resume', 'destination', DestinationParams);
