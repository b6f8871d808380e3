import { type AnyJobDefinition, jobDefinitions } from '@orderly/contracts';
import { jobOutcomes } from '@orderly/jobs';
import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { BatchLabel } from '../../intake/check-event';
import { errorsOfActions, keyHeaders, OnBehalfOf, Reason, replayHeaders } from '../action-body';
import { Id, Json, Link, Moment, NextCursor } from '../answer-schemas';
import { CustomerFilter, FilterText, listQuery, OrderFilter, pageCursor, pagesText } from '../list-query';

export const JobState = z.enum(['runnable', 'retrying', 'running', 'blocked', 'parked', 'ended']).meta({ id: 'JobState' });

export const JobParams = z.strictObject({ jobId: z.guid('must be a UUID').meta({ description: 'The id of the job' }) });

/** The fields of a job in lists and in detail. */
export const jobFields = {
  id: Id,
  name: z.string(),
  queue: z.string(),
  priority: z.int().min(1).max(4),
  payload: Json,
  state: JobState,
  waitReason: z.string().nullable(),
  runAt: Moment.meta({ description: 'The earliest time at which the job runs. For a parked job: its deadline' }),
  orderId: z.string().nullable(),
  destination: z.string().nullable(),
  version: z.int().nullable(),
  batch: z.string().nullable(),
  attemptsUsed: z.int().nonnegative(),
  crashes: z.int().nonnegative(),
  outcome: z.string().nullable(),
  resultVersion: z.int().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  detail: Json.meta({ description: 'Further facts, such as `current` and `allowed` of a refused transition' }),
  fingerprint: z.string().nullable(),
  createdAt: Moment,
  endedAt: Moment.nullable(),
  redrivenAt: Moment.nullable().meta({ description: 'When an operator last sent the job again. Its age counts from then' }),
  operationId: Id.nullable().meta({ description: 'The redrive that sent the job again: `GET /v1/operations/{operationId}`' }),
};

export const Attempt = z
  .object({
    number: z.int(),
    startedAt: Moment,
    endedAt: Moment,
    outcome: z.string(),
    usedAttempt: z.boolean(),
    errorClass: z.string().nullable(),
    errorCode: z.string().nullable(),
    errorMessage: z.string().nullable(),
    versionSent: z.int().nullable(),
    responseStatus: z.int().nullable(),
    responseExcerpt: z.string().nullable(),
    confirmationId: z.string().nullable(),
    traceId: z.string().nullable(),
    processId: Id.nullable(),
  })
  .meta({ id: 'Attempt' });

const Job = z
  .object({
    ...jobFields,
    attempts: z.array(Attempt).readonly().meta({ description: 'The newest 100 attempts' }),
    links: z.object({ self: Link, order: Link.optional() }),
  })
  .meta({ id: 'Job' });

export const findJobOperation = defineOperation({
  id: 'findJob',
  method: 'get',
  path: '/v1/jobs/{jobId}',
  tag: 'Jobs',
  summary: 'Read a job and its attempts',
  scope: 'ops:read',
  params: JobParams,
  answer: { status: 200, description: 'The job', schema: Job },
  errors: ['not-found'],
});

/** The types of jobs. */
export const jobNames = Object.keys(jobDefinitions) as [AnyJobDefinition['name'], ...AnyJobDefinition['name'][]];

const JobsQuery = listQuery({
  cursor: pageCursor('jobs', Id),
  orderId: OrderFilter,
  customerId: CustomerFilter,
  name: z.enum(jobNames).optional().meta({ description: 'The type of the job' }),
  destination: FilterText(100, 'Deliveries to this destination'),
  state: JobState.optional().meta({
    description: '`runnable` jobs wait for their first attempt, `retrying` jobs for another one',
  }),
  outcome: z.enum(jobOutcomes).optional().meta({ description: 'How the job ended. Jobs with `dead` are the dead letters' }),
  fingerprint: FilterText(300, 'Dead letters of one kind: the error code and the destination or the job type').meta({
    examples: ['destination-refused:erp'],
  }),
  batch: BatchLabel.optional().meta({ description: 'Jobs that the events with this label caused' }),
});

const JobSummary = z.object({ ...jobFields, links: z.object({ self: Link, order: Link.optional() }) }).meta({ id: 'JobSummary' });

export const listJobsOperation = defineOperation({
  id: 'listJobs',
  method: 'get',
  path: '/v1/jobs',
  tag: 'Jobs',
  summary: 'List jobs, newest first',
  description: `\`from\` and \`to\` compare the time at which the job was created. ${pagesText}`,
  scope: 'ops:read',
  query: JobsQuery,
  answer: {
    status: 200,
    description: 'A page of jobs',
    schema: z.object({ jobs: z.array(JobSummary).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});

export const SettleBody = z
  .strictObject({
    outcome: z.enum(['done', 'not-done']).meta({
      description: '`done`: the effect took place. `not-done`: it did not, so the job runs again under the same idempotency key',
    }),
    reason: Reason,
    actor: OnBehalfOf,
  })
  .meta({ id: 'SettleRequest' });

export const settleJobOperation = defineOperation({
  id: 'settleJob',
  method: 'post',
  path: '/v1/jobs/{jobId}/settle',
  tag: 'Jobs',
  summary: 'Settle a job whose outcome is unknown',
  description:
    'Unblocks its lane. A job that is sent again follows the rules of a redrive: where its destination has newer state, it is closed as superseded.',
  scope: 'ops:write',
  params: JobParams,
  headers: keyHeaders,
  body: {
    schema: SettleBody,
    examples: { done: { outcome: 'done', reason: 'The partner shows the order', actor: 'ada' } },
  },
  answer: {
    status: 200,
    description: 'The job',
    schema: z.object({
      jobId: Id,
      state: z.enum(['open', 'ended']).meta({ description: '`open`: the job runs again' }),
      outcome: z.enum(jobOutcomes).nullable().meta({ description: 'Null while the job is open' }),
      links: z.object({ job: Link }),
    }),
    headers: replayHeaders,
  },
  errors: [...errorsOfActions, 'not-found', 'job-not-unknown'],
});
