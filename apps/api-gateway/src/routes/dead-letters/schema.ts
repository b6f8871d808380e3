import { OrderId, StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { errorsOfActions, keyHeaders, OnBehalfOf, Reason, replayHeaders } from '../action-body';
import { Id, Link, Moment, NextCursor } from '../answer-schemas';
import { Attempt, jobFields, jobNames } from '../jobs/schema';
import { FilterText, OrderFilter, listQuery, pageCursor, pagesText, Time } from '../list-query';
import { OperationAnswer } from '../operation-progress/schema';

const fingerprintExample = { examples: ['destination-refused:erp'] };
const fingerprintText = 'The error code and the destination, or the error code and the job type';

const filters = {
  orderId: OrderFilter,
  destination: FilterText(100, 'The destination of the job'),
  code: FilterText(100, 'The error code of the dead letter'),
  job: z.enum(jobNames).optional().meta({ description: 'The type of the job' }),
  fingerprint: FilterText(300, fingerprintText).meta(fingerprintExample),
  since: Time.optional().meta({ description: 'Died at this time or later' }),
  until: Time.optional().meta({ description: 'Died before this time' }),
};

const DeadLetterQuery = listQuery({ cursor: pageCursor('dead-letters', Id), ...filters });

const letterFields = {
  ...jobFields,
  attempts: z.array(Attempt).readonly().meta({ description: 'The newest 5 attempts; `links.job` shows more' }),
  answer: z
    .object({ status: z.int(), excerpt: z.string().nullable() })
    .nullable()
    .meta({ description: "The partner's last answer: its status and its own words, redacted, up to 2 kB. Null if none came" }),
  traceId: z.string().nullable().meta({ description: 'The trace of the last attempt' }),
  links: z.object({ job: Link, order: Link.optional() }),
};
const DeadLetter = z.object(letterFields).meta({ id: 'DeadLetter' });

export const listDeadLettersOperation = defineOperation({
  id: 'listDeadLetters',
  method: 'get',
  path: '/v1/dead-letters',
  tag: 'Dead letters',
  summary: 'List jobs that failed for good, newest first',
  description: `\`from\` and \`to\` compare the time at which the job was created, \`since\` and \`until\` the time at which it died. ${pagesText}`,
  scope: 'ops:read',
  query: DeadLetterQuery,
  answer: {
    status: 200,
    description: 'A page of dead letters',
    schema: z.object({ deadLetters: z.array(DeadLetter), nextCursor: NextCursor }),
  },
  errors: [],
});

const Group = z
  .object({
    fingerprint: z.string(),
    code: z.string().nullable(),
    job: z.string(),
    destination: z.string().nullable(),
    count: z.int().positive(),
    isCountExact: z.boolean().meta({ description: 'False: the group has more letters than were counted' }),
    first: Moment.meta({ description: 'When the first of the counted letters died' }),
    last: Moment,
    isHappening: z.boolean().meta({ description: 'A letter died within the last 15 minutes' }),
    example: DeadLetter.nullable().meta({ description: 'The newest letter, with its last attempt' }),
  })
  .meta({ id: 'DeadLetterGroup' });

export const groupDeadLettersOperation = defineOperation({
  id: 'groupDeadLetters',
  method: 'get',
  path: '/v1/dead-letters/groups',
  tag: 'Dead letters',
  summary: 'Group dead letters by fingerprint',
  description: 'Shows at most 200 groups, the one with the newest letter first.',
  scope: 'ops:read',
  query: z.strictObject(filters),
  answer: { status: 200, description: 'The groups', schema: z.object({ groups: z.array(Group) }) },
  errors: [],
});

const IsoTime = z.iso.datetime({ offset: true, error: 'must be a time with a zone, such as 2026-01-15T09:30:00Z' });

/** Chooses letters. Without a condition it needs `all: true`. */
const LetterFilter = z
  .strictObject({
    fingerprint: StorableText(300)
      .min(1)
      .optional()
      .meta({ description: fingerprintText, ...fingerprintExample }),
    code: StorableText(100).min(1).optional().meta({ description: 'The error code' }),
    job: z.enum(jobNames).optional().meta({ description: 'The type of the job' }),
    destination: StorableText(100).min(1).optional(),
    orderId: OrderId.optional(),
    ids: z.array(z.guid('must be a UUID')).min(1).max(1000).optional().meta({ description: 'Ids of dead letters' }),
    since: IsoTime.optional().meta({ description: 'Died at this time or later' }),
    until: IsoTime.optional().meta({ description: 'Died before this time' }),
    all: z.literal(true).optional().meta({ description: 'Needed if there is no other condition: acts on every dead letter' }),
  })
  .meta({ id: 'DeadLetterFilter', minProperties: 1, description: 'A letter is chosen if it meets all given conditions' });

/** So slow that a partner hardly notices, and so fast that a thousand letters take ten seconds. */
const defaultPerSecond = 100;

export const RedriveBody = z
  .strictObject({
    filter: LetterFilter,
    dryRun: z.boolean().default(false).meta({ description: '`true`: says what would happen, and changes nothing' }),
    perSecond: z.int().min(1).max(5000).default(defaultPerSecond).meta({ description: 'Letters sent per second' }),
    first: z.int().min(1).max(100).optional().meta({
      description:
        'So many letters of each fingerprint go first. The others of a fingerprint follow only if all of these succeed',
    }),
    reason: Reason.optional(),
    actor: OnBehalfOf,
  })
  .meta({ id: 'RedriveRequest' });

const Count = z.int().nonnegative();

const RedrivePreview = z
  .object({
    dryRun: z.literal(true),
    matched: Count.meta({ description: 'Letters that match, up to 100,000' }),
    wouldSend: Count,
    wouldSupersede: Count.meta({ description: 'Their destination has newer state or will get it, so they would be closed' }),
    wouldSkip: Count.meta({ description: 'Their destination is not in the destinations file, so they would stay' }),
    isComplete: z.boolean().meta({ description: 'False: only the oldest 20,000 letters were judged' }),
  })
  .meta({ id: 'RedrivePreview' });

const filterErrors = ['filter-too-wide', 'fingerprint-unknown', 'no-dead-letters'] as const;

export const redriveOperation = defineOperation({
  id: 'redriveDeadLetters',
  method: 'post',
  path: '/v1/dead-letters/redrive',
  tag: 'Dead letters',
  summary: 'Send dead letters again',
  description:
    'Workers carry it out at the given pace; the answer names the operation that shows its progress. Each letter gets fresh attempts. A redriven head unblocks its lane, and later versions follow in order. A letter whose order has moved on is closed as superseded, never sent over newer state. Letters that die while the redrive runs are not part of it.',
  scope: 'ops:write',
  headers: keyHeaders,
  body: {
    schema: RedriveBody,
    examples: {
      redrive: {
        filter: { fingerprint: 'destination-refused:erp' },
        perSecond: 50,
        first: 3,
        reason: 'The ERP accepts them now',
      },
      dryRun: { filter: { destination: 'erp' }, dryRun: true },
    },
  },
  answer: {
    status: 202,
    description: 'The operation',
    schema: OperationAnswer,
    headers: z.object({ Location: Link.meta({ description: 'The operation' }), ...replayHeaders.shape }),
  },
  otherAnswer: { status: 200, description: 'For `dryRun: true`: what would happen now', schema: RedrivePreview },
  errors: [...errorsOfActions, ...filterErrors],
});

export const DiscardBody = z
  .strictObject({ filter: LetterFilter, reason: Reason, actor: OnBehalfOf })
  .meta({ id: 'DiscardRequest' });

export const discardOperation = defineOperation({
  id: 'discardDeadLetters',
  method: 'post',
  path: '/v1/dead-letters/discard',
  tag: 'Dead letters',
  summary: 'Give up dead letters',
  description:
    'Their jobs end as `discarded` and are never sent. A lane that such a letter blocked continues with the next version. One call discards at most 5,000 letters.',
  scope: 'ops:write',
  headers: keyHeaders,
  body: {
    schema: DiscardBody,
    examples: { discard: { filter: { orderId: 'my-shop-1001' }, reason: 'A test order' } },
  },
  answer: {
    status: 200,
    description: 'The number of discarded letters',
    schema: z.object({
      discarded: Count,
      more: z.boolean().meta({ description: 'More letters match: call again, with a new `Idempotency-Key`' }),
    }),
    headers: replayHeaders,
  },
  errors: [...errorsOfActions, ...filterErrors],
});
