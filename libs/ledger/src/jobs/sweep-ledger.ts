import { liveness, type DueCursor, type RunnableJob, type SweepLedger } from '@orderly/jobs';
import { destinationOfQueue } from '@orderly/contracts';
import type { Database } from '@orderly/database';

/** What the sweep asks of the ledger. Every answer is bounded by its limit. */
export function createSweepLedger(db: Pick<Database, 'query'>, processId: string): SweepLedger {
  return {
    lease: async (queue, forMs) => {
      const rows = await db.query(
        `insert into leases (name, holder, until) values ('sweep ' || $1, $2, now() + make_interval(secs => $3 / 1000.0))
         on conflict (name) do update set holder = excluded.holder, until = excluded.until
         where leases.holder = excluded.holder or leases.until < now()
         returning name`,
        [queue, processId, forMs],
      );
      return rows.length > 0;
    },

    duePage: async (queue, after, limit, sinceMs) => {
      const rows = await db.query<RunnableJob & { runAt: string }>(
        `select id, name, queue, priority, run_at::text as "runAt"
         from jobs
         where queue = $1 and state in ('runnable', 'parked') and run_at <= now() - make_interval(secs => $5 / 1000.0)
           and (run_at, id) > (coalesce($2::timestamptz, '-infinity'), coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
         order by run_at, id
         limit $4`,
        [queue, after?.runAt ?? null, after?.id ?? null, limit, sinceMs],
      );
      const last = rows.length === limit ? rows.at(-1) : undefined;
      const next: DueCursor | null = last ? { runAt: last.runAt, id: last.id } : null;
      return { jobs: rows.map(runnableOf), next };
    },

    freshlyDue: async (queue, withinMs, limit) =>
      db.query<RunnableJob>(
        `select id, name, queue, priority
         from jobs
         where queue = $1 and state in ('runnable', 'parked') and wait_reason is not null
           and run_at <= now() and run_at > now() - make_interval(secs => $2 / 1000.0)
         order by run_at
         limit $3`,
        [queue, withinMs, limit],
      ),

    lost: async (queue, limit) =>
      db.query<RunnableJob>(
        `select j.id, j.name, j.queue, j.priority
         from jobs j
         where j.state = 'running' and j.queue = $1 and not exists (
           select from processes p where p.id = j.claimed_by and p.beat_at > now() - make_interval(secs => $2 / 1000.0))
         limit $3`,
        [queue, liveness.staleMs, limit],
      ),

    repairLanes: async (queue, limit) => {
      const destination = destinationOfQueue(queue);
      if (destination === undefined) return [];
      return db.query<RunnableJob>(repairSql, [destination, limit]);
    },
  };
}

const runnableOf = ({ id, name, queue, priority }: RunnableJob): RunnableJob => ({ id, name, queue, priority });

/**
 * $1 destination, $2 limit. A lane's head must be open; one that is not, or that is gone, gives way to the lane's first blocked
 * job. Lanes that somebody is working on are left to them. Each row is found by its key, however many of them the planner believes
 * in: `offset 0` keeps jobs from being read from end to end, and the arrays name the keys.
 * The lane's lock does not renew what the statement saw of jobs before it: a settlement that commits in between may leave a head
 * that has just ended. That harms nothing; the next repair finds the lane broken and goes on.
 */
const repairSql = `
  with broken as (
    select l.order_id, l.destination
    from lanes l
    where l.destination = $1 and l.head is not null and l.blocked_by is null
      and not exists (select from jobs j where j.id = l.head and j.state in ('runnable', 'running') offset 0)
    order by l.order_id
    limit $2
    for update of l skip locked
  ),
  heads as (
    select b.order_id, b.destination, n.id
    from broken b
    left join lateral (
      select j.id from jobs j
      where j.order_id = b.order_id and j.destination = b.destination and j.state || '' in ('runnable', 'running', 'blocked')
      order by j.version
      limit 1
    ) n on true
  ),
  moved as (
    update lanes l set head = h.id, updated_at = now()
    from heads h
    where l.order_id = any(array(select order_id from heads)) and l.order_id = h.order_id and l.destination = h.destination
  )
  update jobs j set state = 'runnable', wait_reason = null, run_at = now()
  where j.id = any(array(select id from heads)) and j.state || '' = 'blocked'
  returning j.id, j.name, j.queue, j.priority`;
