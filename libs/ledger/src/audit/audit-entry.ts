import type { Actor, OrderStatus } from '@orderly/contracts';
import { v7 as uuidv7 } from 'uuid';

/** The actions that the audit trail records. Add new ones here; stored entries keep the old names, so never rename one. */
export const auditActions = [
  'event.applied',
  'event.duplicate',
  'event.superseded',
  'event.parked',
  'event.rejected',
  'order.status_requested',
  'order.status_refused',
  'queue.paused',
  'queue.resumed',
  'order.paused',
  'order.resumed',
  'order.resynced',
  'dead-letters.redrive_requested',
  'operation.cancelled',
  'job.redriven',
  'job.discarded',
  'job.settled',
  'api-key.created',
  'api-key.revoked',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** One fact for the audit trail: an action, its actor, the order, event or subject, and the reason. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly actor: Actor;
  readonly orderId?: string | null;
  /** Our own id of the event, not the producer's. */
  readonly eventId?: string | null;
  /** The source of the event. */
  readonly source?: string | null;
  readonly fromStatus?: OrderStatus | null;
  readonly toStatus?: OrderStatus | null;
  /** The new version of the order, or its present one if nothing was applied. */
  readonly version?: number | null;
  /** The reason that a person gave, or the message of a refusal. */
  readonly reason?: string | null;
  /** The error code of a refusal. */
  readonly code?: string | null;
  /** The queue, the destination or the API key that was acted on. */
  readonly subject?: string | null;
  readonly traceId?: string | null;
  /** Further facts, as JSON. */
  readonly detail?: unknown;
}

/** An entry with the names of the table's columns, as {@link auditRecordset} reads it. */
export const auditRow = ({ actor, ...entry }: AuditEntry): Readonly<Record<string, unknown>> => ({
  id: uuidv7(),
  action: entry.action,
  order_id: entry.orderId,
  event_id: entry.eventId,
  source: entry.source,
  from_status: entry.fromStatus,
  to_status: entry.toStatus,
  version: entry.version,
  reason: entry.reason,
  code: entry.code,
  subject: entry.subject,
  actor: actor.name,
  api_key_id: actor.apiKeyId,
  on_behalf_of: actor.onBehalfOf,
  trace_id: entry.traceId,
  detail: entry.detail,
});

/** The columns to insert. The time comes from the database. */
export const auditColumns =
  'id, action, order_id, event_id, source, from_status, to_status, version, reason, code, subject, actor, api_key_id, ' +
  'on_behalf_of, trace_id, detail';

/** SQL that turns a parameter such as `$1`, a JSON array of {@link auditRow}s, into rows. */
export const auditRecordset = (parameter: `$${number}`): string => `
  jsonb_to_recordset(${parameter}::jsonb) as audit_row(
    id uuid, action text, order_id text, event_id uuid, source text, from_status text, to_status text, version integer, reason text,
    code text, subject text, actor text, api_key_id uuid, on_behalf_of text, trace_id text, detail jsonb)`;
