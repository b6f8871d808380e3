import { OrderStatus, StorableText } from '@orderly/contracts';
import { auditActions } from '@orderly/ledger';
import { z } from 'zod';
import { Id, Json, Link, Moment, NextCursor } from '../answer-schemas';
import { OrderFilter, listQuery, pageCursor, pagesText } from '../list-query';
import { defineOperation } from '../../http/operation';

const AuditAction = z.enum(auditActions).meta({ id: 'AuditAction' });

/** No name is longer. */
const Name = StorableText(300).min(1);

const AuditQuery = listQuery({
  cursor: pageCursor('audit', Id),
  orderId: OrderFilter,
  action: AuditAction.optional().meta({ description: 'What was done' }),
  actor: Name.optional().meta({
    description:
      "Who did it: a key's name, `webhook <platform>`, `cli <user>`, or `orderly` for the system itself; or the person for whom, `onBehalfOf`",
  }),
  subject: Name.optional().meta({
    description: 'What was acted on: a queue, a destination (by its name or that of its queue), or the start of an API key',
  }),
});

const Status = OrderStatus.nullable();

const AuditEntry = z
  .object({
    id: Id,
    at: Moment,
    action: AuditAction,
    orderId: z.string().nullable(),
    eventId: Id.nullable().meta({ description: 'The event; of a repeated one the event that came first' }),
    source: z.string().nullable().meta({ description: 'The source of the event' }),
    fromStatus: Status.meta({ description: "The order's status before" }),
    toStatus: Status.meta({ description: 'The status that was asked for' }),
    version: z.int().nullable().meta({ description: 'The version that the order got, or that it had where nothing was applied' }),
    reason: z.string().nullable().meta({ description: 'Why: the reason that was given, or the words of a refusal' }),
    code: z.string().nullable().meta({ description: 'The error code of a refusal' }),
    subject: z.string().nullable().meta({ description: 'The queue, or the start of the API key, that was acted on' }),
    actor: z.string().meta({ description: 'Who did it: the name of the API key, or what else acted' }),
    apiKeyId: Id.nullable(),
    onBehalfOf: z.string().nullable().meta({ description: 'The person for whom the actor says that it acts' }),
    traceId: z.string().nullable(),
    detail: Json.meta({
      description:
        '`deadline` and `waitsFor` of a parked event, `skipped` statuses of one applied at its deadline, `current` and `allowed` of a refusal, `id` of a repeated event',
    }),
    links: z.object({ order: Link.optional(), job: Link.optional() }),
  })
  .meta({ id: 'AuditEntry' });

export const listAuditOperation = defineOperation({
  id: 'listAudit',
  method: 'get',
  path: '/v1/audit',
  tag: 'Audit',
  summary: 'Who did what to which order, and why, the newest first',
  description: `What was decided about each event, and what people did. Nobody can change or delete an entry; it is kept for 400 days. ${pagesText}`,
  scope: 'ops:read',
  query: AuditQuery,
  answer: { status: 200, description: 'A page', schema: z.object({ entries: z.array(AuditEntry), nextCursor: NextCursor }) },
  errors: [],
});
