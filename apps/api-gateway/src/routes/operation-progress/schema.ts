import { jobOutcomes } from '@orderly/jobs';
import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { errorsOfActions, keyHeaders, OnBehalfOf, Reason, replayHeaders } from '../action-body';
import { Id, Json, Link, Moment } from '../answer-schemas';

const Count = z.int().nonnegative();

export const OperationAnswer = z
  .object({
    id: Id,
    kind: z.string().meta({ description: '`redrive`' }),
    state: z.enum(['running', 'done', 'cancelled']).meta({
      description: '`done`: every letter was sent, closed or skipped. Its jobs may still run: see `outcomes.open`',
    }),
    phase: z.enum(['canaries', 'waiting', 'rest']).meta({
      description: '`canaries` are sent first; while `waiting` their ends decide which fingerprints follow in the phase `rest`',
    }),
    filter: Json,
    perSecond: z.int(),
    first: z.int().nullable(),
    progress: z.object({
      matched: Count.meta({ description: 'Letters that matched at the start, up to 100,000' }),
      sent: Count,
      superseded: Count.meta({ description: 'Closed, because their destination has newer state or gets it from a newer job' }),
      skipped: Count.meta({ description: 'Left alone: sent by another operator, or their destination is not in the file' }),
    }),
    heldBack: z
      .array(z.string())
      .readonly()
      .meta({ description: 'Fingerprints whose first letters failed. Their others were not sent' }),
    outcomes: z
      .object({ open: Count, ...Object.fromEntries(jobOutcomes.map((outcome) => [outcome, Count])) })
      .meta({ description: 'What became of the letters that were sent' }),
    reason: z.string().nullable(),
    actor: z.string(),
    onBehalfOf: z.string().nullable(),
    createdAt: Moment,
    endedAt: Moment.nullable(),
    links: z.object({ self: Link }),
  })
  .meta({ id: 'Operation' });

const OperationParams = z.strictObject({
  operationId: z.guid('must be a UUID').meta({ description: 'The id of the operation' }),
});

export const findOperationOperation = defineOperation({
  id: 'findOperation',
  method: 'get',
  path: '/v1/operations/{operationId}',
  tag: 'Dead letters',
  summary: 'Read the progress of a redrive',
  scope: 'ops:read',
  params: OperationParams,
  answer: { status: 200, description: 'The operation', schema: OperationAnswer },
  errors: ['not-found'],
});

export const CancelBody = z.strictObject({ reason: Reason.optional(), actor: OnBehalfOf }).meta({ id: 'CancelRequest' });

export const cancelOperationOperation = defineOperation({
  id: 'cancelOperation',
  method: 'post',
  path: '/v1/operations/{operationId}/cancel',
  tag: 'Dead letters',
  summary: 'Stop a redrive',
  description: 'Letters that were sent already stay sent. An operation that has ended stays as it is.',
  scope: 'ops:write',
  params: OperationParams,
  headers: keyHeaders,
  body: { schema: CancelBody.optional(), examples: { cancel: { reason: 'The ERP is down again' } } },
  answer: { status: 200, description: 'The operation', schema: OperationAnswer, headers: replayHeaders },
  errors: [...errorsOfActions, 'not-found'],
});
