import { OrderStatus, StorableText } from '@orderly/contracts';
import { auditActions } from '@orderly/ledger';
import { z } from 'zod';
import { Id, Json, Link, Moment, NextCursor } from '../answer-schemas';
import { OrderFilter, listQuery, pageCursor, pagesText } from '../list-query';
import { defineOperation } from '../../http/operation';

const AuditAction = z.enum(auditActions).meta({ id: 'AuditAction' });

/** A filter may be as long as the longest actor or subject in the ledger. */
const Name = StorableText(300).min(1);

const AuditQuery = listQuery({
  cursor: pageCursor('audit', Id),
  orderId: OrderFilter,
  action: AuditAction.optional().meta({ description: 'The action' }),
  actor: Name.optional().meta({
    description:
      'The actor: the name of an API key, `webhook <platform>`, `cli <user>`, or `orderly` for the system itself. Also matches `onBehalfOf`',
  }),
  subject: Name.optional().meta({
    description: 'The target: a queue, a destination (by its name or the name of its queue), or the prefix of an API key',
  }),
});

const Status = OrderStatus.nullable();

const AuditEntry = z
  .object({
    id: Id,
    at: Moment,
    action: AuditAction,
    orderId: z.string().nullable(),
    eventId: Id.nullable().meta({ description: 'The event. For a repeated event: the first one' }),
    source: z.string().nullable().meta({ description: 'The source of the event' }),
    fromStatus: Status.meta({ description: 'The status of the order before' }),
    toStatus: Status.meta({ description: 'The requested status' }),
    version: z
      .int()
      .nullable()
      .meta({ description: 'The new version of the order. If nothing was applied: its version at that time' }),
    reason: z.string().nullable().meta({ description: 'The reason that the actor gave, or the text of the refusal' }),
    code: z.string().nullable().meta({ description: 'The error code of a refusal' }),
    subject: z.string().nullable().meta({ description: 'The target: a queue, or the prefix of an API key' }),
    actor: z.string().meta({ description: 'The name of the API key, or of another actor' }),
    apiKeyId: Id.nullable(),
    onBehalfOf: z.string().nullable().meta({ description: 'The person for whom the actor acts, as the actor stated it' }),
    traceId: z.string().nullable(),
    detail: Json.meta({
      description:
        'Parked event: `deadline` and `waitsFor`. Event applied at its deadline: `skipped` statuses. Refusal: `current` and `allowed`. Repeated event: its `id`',
    }),
    links: z.object({ order: Link.optional(), job: Link.optional() }),
  })
  .meta({ id: 'AuditEntry' });

export const listAuditOperation = defineOperation({
  id: 'listAudit',
  method: 'get',
  path: '/v1/audit',
  tag: 'Audit',
  summary: 'List the audit trail: who did what to which order, and why',
  description: `Records each decision about an event and each action of a person. Newest first. Entries cannot be changed or deleted; they are kept for 400 days. ${pagesText}`,
  scope: 'ops:read',
  query: AuditQuery,
  answer: {
    status: 200,
    description: 'A page of entries',
    schema: z.object({ entries: z.array(AuditEntry), nextCursor: NextCursor }),
  },
  errors: [],
});
