import { newJob } from '@orderly/jobs';
import { syncOrder } from '@orderly/contracts';
import { randomUUID } from 'node:crypto';
import type { Answer, TestGateway } from './gateway';

/** A gateway's operator, and the dead letters that a test makes. */
export async function createOperator(gateway: TestGateway) {
  const key = await gateway.createKey('ops:write', 'ops:read', 'orders:read');
  const { db } = gateway;
  await db.query(
    `insert into destinations (name, mode, on_dead_head) values ('erp', 'every-event', 'block'), ('crm', 'latest-state', 'supersede')`,
  );
  return {
    post: (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
      gateway.request('POST', path, {
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    /** An order of version 1 with a job for a destination that ended so, and blocks its lane. */
    addEnded: async (orderId: string, outcome: 'dead' | 'unknown', destination = 'erp', code = 'destination-refused') => {
      const options = { orderId, destination, version: 1 };
      const { id, name, queue, payload, priority } = newJob(syncOrder, options, options);
      await db.query(
        `insert into orders (order_id, status, version, data) values ($1, 'pending', 1, '{"customer": {"id": "c"}}') on conflict do nothing`,
        [orderId],
      );
      await db.query(
        `insert into order_changes (order_id, version, to_status, occurred_at, event_id, data)
         values ($1, 1, 'pending', now(), $2, '{"customer": {"id": "c"}}') on conflict do nothing`,
        [orderId, randomUUID()],
      );
      await db.query(
        `insert into jobs (id, name, queue, priority, payload, state, outcome, order_id, destination, version, error_code, error_message,
           fingerprint, attempts_used, tries, ended_at)
         values ($1, $2, $3, $4, $5, 'ended', $6, $7, $8, 1, $9, 'refused', case when $6 = 'dead' then $9 || ':' || $8 end, 1, 1, now())`,
        [id, name, queue, priority, payload, outcome, orderId, destination, code],
      );
      await db.query(
        `insert into attempts (job_id, number, started_at, outcome, used_attempt, error_code, version_sent, response_status,
           response_excerpt, trace_id)
         values ($1, 1, now(), $2, true, $3, 1, $4, '{"error": "no such customer"}', 'abc')`,
        [id, outcome, code, outcome === 'dead' ? 422 : 500],
      );
      await db.query(`insert into lanes (order_id, destination, blocked_by) values ($1, $2, $3)`, [orderId, destination, id]);
      return id;
    },
  };
}
