import { StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { Moment } from '../answer-schemas';
import { defineOperation } from '../../http/operation';

const Count = z.int().nonnegative();

const PriorityCounts = z
  .object({ critical: Count, high: Count, normal: Count, low: Count, total: Count })
  .meta({ id: 'PriorityCounts' });

const Pause = z
  .object({
    since: Moment,
    reason: z.string().nullable(),
    actor: z.string().nullable().meta({ description: 'Who did it: the name of the API key' }),
    onBehalfOf: z.string().nullable().meta({ description: 'The person for whom, `actor` of the request' }),
  })
  .nullable()
  .meta({ description: 'Null unless an operator has paused it' });

const Hold = z
  .object({
    reason: z.string().meta({ description: '`throttled`, or the error code of the answer that led to it' }),
    since: Moment,
    until: Moment.meta({ description: 'Throttled: the end. Else the next time that one job may try' }),
  })
  .meta({ id: 'Hold' });

const RateCounts = z.object({ created: z.number().nonnegative(), ended: z.number().nonnegative() });

const Queue = z
  .object({
    name: z.string(),
    destination: z.string().nullable(),
    paused: Pause,
    hold: Hold.nullable().meta({ description: 'Why its destination waits, apart from a pause' }),
    workers: Count.meta({ description: 'Living processes that work on it' }),
    counts: z
      .object({
        runnable: PriorityCounts.meta({ description: 'Due, and waiting for a worker' }),
        delayed: PriorityCounts.meta({ description: 'Not due yet' }),
        retrying: PriorityCounts.meta({ description: 'Tried before, and waiting to be tried again' }),
        running: PriorityCounts,
        blocked: PriorityCounts.meta({ description: 'Behind the head of their lane' }),
        parked: PriorityCounts.meta({ description: 'Events that wait for their order to move' }),
      })
      .meta({ description: 'Open jobs by state and priority' }),
    oldestWaitMs: z
      .number()
      .nonnegative()
      .nullable()
      .meta({ description: 'How long the due job that has waited longest has waited; null where none is due' }),
    rates: z.object({
      lastMinute: RateCounts,
      lastFiveMinutes: RateCounts.nullable().meta({
        description: 'Per minute; null where these hold too many jobs to count them in time',
      }),
    }),
  })
  .meta({ id: 'Queue' });

export const listQueuesOperation = defineOperation({
  id: 'listQueues',
  method: 'get',
  path: '/v1/queues',
  tag: 'Queues',
  summary: 'What waits, what runs, and what is held back',
  description: 'All queues that are known: the fixed ones, those that processes work on, those that have jobs or are paused.',
  scope: 'ops:read',
  answer: { status: 200, description: 'The queues, by name', schema: z.object({ queues: z.array(Queue) }) },
  errors: [],
});

/** Why a queue is paused or resumed, and for whom. */
export const PauseBody = z
  .strictObject({
    reason: StorableText(1000).optional().meta({ description: 'Shown to whoever wonders why nothing moves' }),
    actor: StorableText(200).min(1).optional().meta({ description: 'The person for whom the caller acts: kept as `onBehalfOf`' }),
  })
  .meta({ id: 'PauseRequest' });

const PauseState = z
  .object({
    queue: z.string(),
    destination: z.string().nullable(),
    paused: Pause,
    changed: z.boolean().meta({ description: 'False where it was so already' }),
  })
  .meta({ id: 'PauseState' });

const QueueParams = z.strictObject({
  name: StorableText(200)
    .min(1)
    .meta({ description: 'Of the queue', examples: ['notifications'] }),
});
const DestinationParams = z.strictObject({
  name: StorableText(100)
    .min(1)
    .meta({ description: 'Of the destination', examples: ['erp'] }),
});

const pauseMeaning =
  'What runs goes on to its end; nothing new is started, and no attempt is used. Kept in the ledger: it outlives restarts and the loss of Redis. Idempotent.';
const resumeMeaning = 'Work goes on within seconds. Other holds of its destination stay. Idempotent.';

const example = { reason: 'The ERP is being migrated', actor: 'ada' };

const pauseOperation = <Params extends z.ZodObject>(verb: 'pause' | 'resume', kind: 'queue' | 'destination', params: Params) =>
  defineOperation({
    id: `${verb}${kind === 'queue' ? 'Queue' : 'Destination'}`,
    method: 'post',
    path: `/v1/${kind}s/{name}/${verb}`,
    tag: 'Queues',
    summary: `${verb === 'pause' ? 'Pause' : 'Resume'} ${kind === 'queue' ? 'a queue' : 'what is sent to a destination'}`,
    description: verb === 'pause' ? pauseMeaning : resumeMeaning,
    scope: 'ops:write',
    params,
    body: { schema: PauseBody.optional(), examples: { [verb]: example } },
    answer: { status: 200, description: 'The queue as it is now', schema: PauseState },
    errors: [
      'invalid-json',
      'unsupported-media-type',
      'payload-too-large',
      kind === 'queue' ? 'not-found' : 'destination-unknown',
    ],
  });

export const pauseQueueOperation = pauseOperation('pause', 'queue', QueueParams);
export const resumeQueueOperation = pauseOperation('resume', 'queue', QueueParams);
export const pauseDestinationOperation = pauseOperation('pause', 'destination', DestinationParams);
export const resumeDestinationOperation = pauseOperation('resume', 'destination', DestinationParams);
