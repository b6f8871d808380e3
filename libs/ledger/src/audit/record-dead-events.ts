import { applyOrderEvent } from '@orderly/contracts';
import type { Settlement } from '@orderly/jobs';
import { v7 as uuidv7 } from 'uuid';
import type { Query } from '@orderly/database';

/** Whether this attempt ends an event without a decision, because its job failed for good. */
export const endsEvent = ({ job, verdict }: Settlement): boolean => job.name === applyOrderEvent.name && verdict.kind === 'dead';

/** Audits, in the settling transaction, the events that the system gave up. */
export async function recordDeadEvents(query: Query, settlements: readonly Settlement[]): Promise<void> {
  const dead = settlements.flatMap(({ job, verdict, attempt }) =>
    verdict.kind === 'dead'
      ? [
          {
            id: uuidv7(),
            event_id: job.id,
            order_id: job.orderId,
            code: verdict.code,
            message: verdict.message,
            trace_id: attempt?.traceId,
          },
        ]
      : [],
  );
  if (dead.length > 0) await query(recordSql, [JSON.stringify(dead), dead.map(({ event_id }) => event_id)]);
}

/**
 * $1 entries (JSON), $2 ids of their events. An entry is written even if its event or order is missing. The ids are given twice
 * so that the planner finds the events by their index; `offset 0` keeps it from joining with all orders.
 */
const recordSql = `
  insert into audit (id, action, order_id, event_id, source, from_status, to_status, version, reason, code, actor, trace_id)
  select d.id, 'event.rejected', d.order_id, d.event_id, e.source, o.status,
    case e.type when 'order.created' then 'pending' when 'order.cancelled' then 'cancelled' else e.data ->> 'status' end,
    o.version, d.message, d.code, 'orderly', d.trace_id
  from jsonb_to_recordset($1::jsonb) as d(
    id uuid, event_id uuid, order_id text, message text, code text, trace_id text)
  left join events e on e.event_id = any($2::uuid[]) and e.event_id = d.event_id
  left join lateral (select status, version from orders where order_id = d.order_id offset 0) as o on true`;
