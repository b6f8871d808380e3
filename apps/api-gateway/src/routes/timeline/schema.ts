import { OrderId, orderEventTypes, OrderStatus } from '@orderly/contracts';
import { auditActions } from '@orderly/ledger';
import { jobOutcomes } from '@orderly/jobs';
import { z } from 'zod';
import { Id, Json, Link, Moment, StatusOrNone } from '../answer-schemas';
import { defineOperation } from '../../http/operation';
import { OrderParams } from '../orders/schema';

const Count = z.int().nonnegative();
const EventType = z.enum(orderEventTypes);
const TraceId = z.string().nullable().meta({ description: 'Null where it was not traced' });
const Asks = z.string().nullable().meta({ description: 'The status that it asks for; null where it asks for none' });

const Reason = z
  .object({
    code: z.string().meta({ description: 'Stable; the documentation lists them' }),
    text: z.string().meta({ description: 'For people; may change' }),
  })
  .nullable();

const LastError = z
  .object({ code: z.string(), message: z.string().nullable(), responseStatus: z.int().nullable() })
  .meta({ id: 'LastError' });

const progressFields = {
  since: Moment.nullable().meta({ description: 'When it began to run, or was due' }),
  nextTryAt: Moment.nullable().meta({ description: 'Null while it runs, and where nobody can tell' }),
  reason: Reason.meta({ description: 'What has to change before it moves' }),
  lastError: LastError.nullable().meta({ description: 'Of the last try' }),
  traceId: TraceId,
};

const JobProgress = z
  .object({
    job: Id,
    state: z.enum(['running', 'retrying', 'waiting', 'held', 'paused']),
    attemptsUsed: Count,
    attempts: Count.nullable().meta({ description: 'How many it may use' }),
    ...progressFields,
  })
  .meta({ id: 'JobProgress' });

const DestinationProgress = z
  .object({
    destination: z.string(),
    ackedVersion: Count.meta({ description: 'The newest version that it has confirmed; 0 for none' }),
    currentVersion: Count.meta({ description: "The order's" }),
    state: z.enum(['in-sync', 'running', 'retrying', 'waiting', 'held', 'paused', 'blocked', 'failed']).meta({
      description:
        '`in-sync`: it has all that it asked for, which may be less than every version. `blocked`: nothing newer is sent to it; no call settles the job yet. `failed`: given up; the next change is sent',
    }),
    job: Id.nullable(),
    attemptsUsed: Count.nullable(),
    attempts: Count.nullable(),
    ...progressFields,
  })
  .meta({ id: 'DestinationProgress' });

const messageFields = {
  messageKind: z.string().meta({ description: 'What it tells, such as `shipped`' }),
  channel: z.string(),
  recipient: z.string().nullable(),
  version: Count.meta({ description: 'Of the order, that it tells of' }),
};

const Now = z.object({
  pending: z
    .object({ count: z.int().positive(), first: JobProgress })
    .nullable()
    .meta({ description: 'Accepted events that are still to be applied. They wait for the first of them' }),
  parked: z
    .array(
      z
        .object({
          eventId: Id.meta({ description: 'Of its entry, which tells what it is' }),
          deadline: Moment.meta({ description: 'Then it is applied all the same or becomes a dead letter, as configured' }),
          waitsFor: z
            .array(z.enum([...OrderStatus.options, 'order.created']))
            .readonly()
            .meta({ description: '`order.created`, or the statuses that are missing' }),
        })
        .meta({ id: 'ParkedEvent' }),
    )
    .meta({ description: 'What the events wait for that came early: their entries have the outcome `parked`' }),
  destinations: z.array(DestinationProgress),
  messages: z
    .array(z.object({ ...messageFields, progress: JobProgress }).meta({ id: 'MessageUnderWay' }))
    .meta({ description: 'Not sent yet' }),
});

const DeadLetter = z
  .object({
    job: Id,
    fingerprint: z.string().nullable(),
    code: z.string().nullable(),
    message: z.string().nullable(),
    detail: Json.meta({ description: 'For a refused event, `current` and `allowed`' }),
    at: Moment,
  })
  .nullable()
  .meta({ description: 'If it failed for good' });

const Change = z.object({
  version: z.int().positive(),
  from: StatusOrNone,
  to: OrderStatus,
  skipped: z.array(OrderStatus).readonly().meta({ description: 'Statuses between the two that no event reported' }),
  reason: z.string().nullable(),
  appliedAt: Moment,
});

const EventEntry = z
  .object({
    kind: z.literal('event'),
    at: Moment.meta({ description: 'When it was accepted' }),
    eventId: Id,
    source: z.string(),
    id: z.string(),
    type: EventType,
    asks: Asks,
    occurredAt: Moment,
    actor: z.string().meta({ description: 'The name of the API key, or the platform' }),
    onBehalfOf: z.string().nullable(),
    manual: z.boolean().meta({ description: 'A person asked for it' }),
    outcome: z.enum(['pending', 'applied', 'duplicate', 'superseded', 'parked', 'rejected', 'skipped', 'unknown', 'discarded']),
    endedAt: Moment.nullable(),
    change: Change.nullable().meta({ description: 'What it changed, if it was applied' }),
    deadLetter: DeadLetter,
    traceId: TraceId,
    links: z.object({ event: Link, job: Link }),
  })
  .meta({ id: 'TimelineEvent' });

const ChangeEntry = Change.extend({ kind: z.literal('change'), at: Moment, eventId: Id, occurredAt: Moment }).meta({
  id: 'TimelineChange',
  description: 'A change whose event is not kept any more',
});

const DeliveryEntry = z
  .object({
    kind: z.literal('delivery'),
    at: Moment.meta({ description: 'When it ended' }),
    job: Id,
    destination: z.string(),
    version: z.int().nullable().meta({ description: 'That it was made for' }),
    sentVersion: z
      .int()
      .nullable()
      .meta({ description: 'That the last try carried: a newer one, where one was there. Null where nothing was tried' }),
    outcome: z.enum(jobOutcomes),
    attemptsUsed: Count,
    responseStatus: z.int().nullable(),
    confirmationId: z.string().nullable().meta({ description: "The partner's own id of what it took" }),
    reason: z.string().nullable().meta({ description: 'Why it ended otherwise than done' }),
    deadLetter: DeadLetter,
    traceId: TraceId,
    links: z.object({ job: Link }),
  })
  .meta({ id: 'TimelineDelivery' });

const MessageEntry = z
  .object({
    kind: z.literal('message'),
    at: Moment.meta({ description: 'When it ended' }),
    messageId: Id.meta({ description: "Its job's, too" }),
    ...messageFields,
    state: z.string(),
    providerId: z.string().nullable(),
    reason: z.string().nullable(),
    attemptsUsed: Count,
    deadLetter: DeadLetter,
    traceId: TraceId,
    links: z.object({ job: Link }),
  })
  .meta({ id: 'TimelineMessage' });

const ActionEntry = z
  .object({
    kind: z.literal('action'),
    at: Moment,
    action: z.enum(auditActions),
    subject: z.string().nullable().meta({ description: 'For a pause, the queue' }),
    actor: z.string(),
    onBehalfOf: z.string().nullable(),
    from: StatusOrNone,
    to: StatusOrNone,
    version: z.int().nullable(),
    expectedVersion: z.int().nullable().meta({ description: 'Of a refused change: the version that was decided on' }),
    reason: z.string().nullable(),
    code: z.string().nullable().meta({ description: 'Of a refusal' }),
    traceId: TraceId,
  })
  .meta({ id: 'TimelineAction' });

const TimelineEntry = z
  .discriminatedUnion('kind', [EventEntry, ChangeEntry, DeliveryEntry, MessageEntry, ActionEntry])
  .meta({ id: 'TimelineEntry' });
export type TimelineEntryAnswer = z.output<typeof TimelineEntry>;

const Timeline = z
  .object({
    orderId: OrderId,
    status: StatusOrNone.meta({ description: 'Null while its `order.created` has not been applied' }),
    version: Count,
    at: Moment.meta({ description: 'The moment that is shown' }),
    now: Now,
    entries: z.array(TimelineEntry).meta({ description: 'The oldest first' }),
    truncated: z.boolean().meta({ description: 'Older entries are left out: of each kind the newest 500 are shown' }),
    links: z.object({ order: Link }),
  })
  .meta({ id: 'Timeline' });
export type TimelineAnswer = z.output<typeof Timeline>;

export const readTimelineOperation = defineOperation({
  id: 'readTimeline',
  method: 'get',
  path: '/v1/orders/{orderId}/timeline',
  tag: 'Orders',
  summary: 'What happened to an order, and what is happening now',
  description:
    'All of one moment, each fact once: `now` has what is still open, `entries` what took place. An event has its entry from its acceptance; if it came early, `now` says what it waits for. A dead letter is part of the entry of what failed. Repeated sends of an event leave no entry: they are in the audit trail.',
  scope: 'orders:read',
  params: OrderParams,
  answer: { status: 200, description: 'The timeline', schema: Timeline },
  errors: ['not-found'],
});
