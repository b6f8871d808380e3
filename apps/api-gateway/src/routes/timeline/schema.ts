import { OrderId, orderEventTypes, OrderStatus } from '@orderly/contracts';
import { auditActions } from '@orderly/ledger';
import { jobOutcomes } from '@orderly/jobs';
import { z } from 'zod';
import { Id, Json, Link, Moment, StatusOrNone } from '../answer-schemas';
import { defineOperation } from '../../http/operation';
import { OrderParams } from '../orders/schema';

const Count = z.int().nonnegative();
const EventType = z.enum(orderEventTypes);
const TraceId = z.string().nullable().meta({ description: 'Null if it was not traced' });
const Asks = z.string().nullable().meta({ description: 'The status that the event requests; null if it requests none' });

const Reason = z
  .object({
    code: z.string().meta({ description: 'Stable; listed in the documentation' }),
    text: z.string().meta({ description: 'For people; may change' }),
  })
  .nullable();

const LastError = z
  .object({ code: z.string(), message: z.string().nullable(), responseStatus: z.int().nullable() })
  .meta({ id: 'LastError' });

const progressFields = {
  since: Moment.nullable().meta({ description: 'When the job started or became due' }),
  nextTryAt: Moment.nullable().meta({ description: 'Null while the job runs, and if the time is unknown' }),
  reason: Reason.meta({ description: 'What must change before the job can run' }),
  lastError: LastError.nullable().meta({ description: 'The error of the last attempt' }),
  traceId: TraceId,
};

const JobProgress = z
  .object({
    job: Id,
    state: z.enum(['running', 'retrying', 'waiting', 'held', 'paused']),
    attemptsUsed: Count,
    attempts: Count.nullable().meta({ description: 'The most attempts that the job may use' }),
    ...progressFields,
  })
  .meta({ id: 'JobProgress' });

const DestinationProgress = z
  .object({
    destination: z.string(),
    ackedVersion: Count.meta({ description: 'The newest version that the destination has confirmed; 0 if none' }),
    currentVersion: Count.meta({ description: 'The version of the order' }),
    state: z.enum(['in-sync', 'running', 'retrying', 'waiting', 'held', 'paused', 'blocked', 'failed']).meta({
      description:
        '`in-sync`: the destination has every change that it subscribes to. `blocked`: nothing newer is sent to it, and no call settles the job yet. `failed`: the job failed for good; the next change will be sent',
    }),
    job: Id.nullable(),
    attemptsUsed: Count.nullable(),
    attempts: Count.nullable(),
    ...progressFields,
  })
  .meta({ id: 'DestinationProgress' });

const messageFields = {
  messageKind: z.string().meta({ description: 'The change that the message reports, such as `shipped`' }),
  channel: z.string(),
  recipient: z.string().nullable(),
  version: Count.meta({ description: 'The version of the order that the message reports' }),
};

const Now = z.object({
  pending: z
    .object({ count: z.int().positive(), first: JobProgress })
    .nullable()
    .meta({ description: 'Accepted events that are not applied yet. The others wait for the first' }),
  parked: z
    .array(
      z
        .object({
          eventId: Id.meta({ description: 'The id of the entry of this event' }),
          deadline: Moment.meta({
            description: 'At this time the event is applied anyway or becomes a dead letter, as configured',
          }),
          waitsFor: z
            .array(z.enum([...OrderStatus.options, 'order.created']))
            .readonly()
            .meta({ description: '`order.created`, or the missing statuses' }),
        })
        .meta({ id: 'ParkedEvent' }),
    )
    .meta({ description: 'Events that came early, and what each waits for. Their entries have the outcome `parked`' }),
  destinations: z.array(DestinationProgress),
  messages: z
    .array(z.object({ ...messageFields, progress: JobProgress }).meta({ id: 'MessageUnderWay' }))
    .meta({ description: 'Messages that are not sent yet' }),
});

const DeadLetter = z
  .object({
    job: Id,
    fingerprint: z.string().nullable(),
    code: z.string().nullable(),
    message: z.string().nullable(),
    detail: Json.meta({ description: 'For a refused event: `current` and `allowed`' }),
    at: Moment,
  })
  .nullable()
  .meta({ description: 'The dead letter, if the job failed for good' });

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
    at: Moment.meta({ description: 'When the event was accepted' }),
    eventId: Id,
    source: z.string(),
    id: z.string(),
    type: EventType,
    asks: Asks,
    occurredAt: Moment,
    actor: z.string().meta({ description: 'The name of the API key, or the platform' }),
    onBehalfOf: z.string().nullable(),
    manual: z.boolean().meta({ description: 'True if a person requested the change' }),
    outcome: z.enum(['pending', 'applied', 'duplicate', 'superseded', 'parked', 'rejected', 'skipped', 'unknown', 'discarded']),
    endedAt: Moment.nullable(),
    change: Change.nullable().meta({ description: 'The change, if the event was applied' }),
    deadLetter: DeadLetter,
    traceId: TraceId,
    links: z.object({ event: Link, job: Link }),
  })
  .meta({ id: 'TimelineEvent' });

const ChangeEntry = Change.extend({ kind: z.literal('change'), at: Moment, eventId: Id, occurredAt: Moment }).meta({
  id: 'TimelineChange',
  description: 'A change whose event has been deleted after its retention time',
});

const DeliveryEntry = z
  .object({
    kind: z.literal('delivery'),
    at: Moment.meta({ description: 'When the job ended' }),
    job: Id,
    destination: z.string(),
    version: z.int().nullable().meta({ description: 'The version for which the job was created' }),
    sentVersion: z
      .int()
      .nullable()
      .meta({ description: 'The version that the last attempt sent, which may be newer. Null if nothing was sent' }),
    outcome: z.enum(jobOutcomes),
    attemptsUsed: Count,
    responseStatus: z.int().nullable(),
    confirmationId: z.string().nullable().meta({ description: 'The id that the destination gave the delivery' }),
    reason: z.string().nullable().meta({ description: 'Why the job ended without being done' }),
    deadLetter: DeadLetter,
    traceId: TraceId,
    links: z.object({ job: Link }),
  })
  .meta({ id: 'TimelineDelivery' });

const MessageEntry = z
  .object({
    kind: z.literal('message'),
    at: Moment.meta({ description: 'When the job ended' }),
    messageId: Id.meta({ description: 'The id of the message, and of its job' }),
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
    subject: z.string().nullable().meta({ description: 'For a pause: the queue' }),
    actor: z.string(),
    onBehalfOf: z.string().nullable(),
    from: StatusOrNone,
    to: StatusOrNone,
    version: z.int().nullable(),
    expectedVersion: z
      .int()
      .nullable()
      .meta({ description: 'For a refused change: the version on which the decision was based' }),
    reason: z.string().nullable(),
    code: z.string().nullable().meta({ description: 'The error code of a refusal' }),
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
    status: StatusOrNone.meta({ description: 'Null until `order.created` has been applied' }),
    version: Count,
    at: Moment.meta({ description: 'The moment that the timeline shows' }),
    now: Now,
    entries: z.array(TimelineEntry).meta({ description: 'Oldest first' }),
    truncated: z.boolean().meta({ description: 'True if older entries are left out: the newest 500 of each kind are shown' }),
    links: z.object({ order: Link }),
  })
  .meta({ id: 'Timeline' });
export type TimelineAnswer = z.output<typeof Timeline>;

export const readTimelineOperation = defineOperation({
  id: 'readTimeline',
  method: 'get',
  path: '/v1/orders/{orderId}/timeline',
  tag: 'Orders',
  summary: 'Read the timeline of an order: its past and its open work',
  description:
    'Shows one moment, and each fact once: `now` has the open work, `entries` the past. An event has an entry as soon as it is accepted; if it came early, `now` says what it waits for. A dead letter is part of the entry that failed. Repeated sends of an event have no entry: they are in the audit trail.',
  scope: 'orders:read',
  params: OrderParams,
  answer: { status: 200, description: 'The timeline', schema: Timeline },
  errors: ['not-found'],
});
