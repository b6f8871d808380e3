import type { Actor, OrderStatus } from '@orderly/contracts';
import { v7 as uuidv7 } from 'uuid';

/** What the audit trail records; a new action is added here. */
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
  'api-key.created',
  'api-key.revoked',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** One fact for the audit trail: who did what to which order, event or subject, and why. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly actor: Actor;
  readonly orderId?: string | null;
  /** Ours. */
  readonly eventId?: string | null;
  /** The source of the event. */
  readonly source?: string | null;
  readonly fromStatus?: OrderStatus | null;
  readonly toStatus?: OrderStatus | null;
  /** The version that the order got, or that it had where nothing was applied. */
  readonly version?: number | null;
  /** Why: the reason that was given, or the words of a refusal. */
  readonly reason?: string | null;
  /** The error code of a refusal. */
  readonly code?: string | null;
  /** The queue, the destination or the API key that was acted on. */
  readonly subject?: string | null;
  readonly traceId?: string | null;
  /** JSON: what else belongs to the fact. */
  readonly detail?: unknown;
}

/** An entry by the table's columns, as {@link auditRecordset} reads it. */
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

/** The columns that are written. */
export const auditColumns =
  'id, action, order_id, event_id, source, from_status, to_status, version, reason, code, subject, actor, api_key_id, ' +
  'on_behalf_of, trace_id, detail';

/** SQL: the rows of a parameter such as `$1`, a JSON array of {@link auditRow}s. */
export const auditRecordset = (parameter: `$${number}`): string => `
  jsonb_to_recordset(${parameter}::jsonb) as audit_row(
    id uuid, action text, order_id text, event_id uuid, source text, from_status text, to_status text, version integer, reason text,
    code text, subject text, actor text, api_key_id uuid, on_behalf_of text, trace_id text, detail jsonb)`;
