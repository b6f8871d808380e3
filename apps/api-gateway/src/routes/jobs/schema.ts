import { z } from 'zod';
import { Id, Json, Link, Moment } from '../../answer-schemas';
import { defineOperation } from '../../operation';

export const JobState = z.enum(['runnable', 'retrying', 'running', 'blocked', 'parked', 'ended']).meta({ id: 'JobState' });

const JobParams = z.strictObject({ jobId: z.guid('must be a UUID').meta({ description: 'Of the job' }) });

/** A job as people see it. */
export const jobFields = {
  id: Id,
  name: z.string(),
  queue: z.string(),
  priority: z.int().min(1).max(4),
  payload: Json,
  state: JobState,
  waitReason: z.string().nullable(),
  runAt: Moment.meta({ description: 'Not before this time; for a parked job its deadline' }),
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
  detail: Json.meta({ description: 'What else is known, such as `current` and `allowed` of a transition that was not' }),
  fingerprint: z.string().nullable(),
  createdAt: Moment,
  endedAt: Moment.nullable(),
};

const Attempt = z
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
    attempts: z.array(Attempt).readonly().meta({ description: 'The newest hundred' }),
    links: z.object({ self: Link, order: Link.optional() }),
  })
  .meta({ id: 'Job' });

export const findJobOperation = defineOperation({
  id: 'findJob',
  method: 'get',
  path: '/v1/jobs/{jobId}',
  tag: 'Jobs',
  summary: 'A job with its attempts',
  scope: 'ops:read',
  params: JobParams,
  answer: { status: 200, description: 'The job', schema: Job },
  errors: ['not-found'],
});
