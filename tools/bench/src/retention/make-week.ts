import type { Database } from '@orderly/database';
import { showProgress, type BenchContext } from '../bench-context';

/** The week to make. */
export interface MadeWeek {
  /** The number of whole weeks between the end of retention and this week. */
  readonly weeksPast: number;
  /** Rows of each kind. */
  readonly rows: number;
  /** The time at which to stop inserting rows, in ms since 1970. */
  readonly deadline: number;
}

/** Rows of one statement: enough to be fast, and few enough for steady progress. */
const chunk = 50_000;
/** Events of one order. The first one creates it. */
const eventsPerOrder = 4;

/**
 * Creates the partitions of a week past retention and fills them with events and ended jobs, spread evenly over the week.
 *
 * @returns the number of rows of each kind that were inserted before the deadline
 */
export async function makeWeek(db: Database, { weeksPast, rows, deadline }: MadeWeek, context: BenchContext): Promise<number> {
  await db.query(makePartitionsSql(weeksPast));
  // The new keys are older than the position of an earlier run, which would therefore skip them.
  await db.query('delete from cleanup_cursors');
  const progress = showProgress(context, 'Filling');
  const startedAt = performance.now();
  let made = 0;
  while (made < rows && Date.now() < deadline && !context.interrupted.aborted) {
    const next = Math.min(made + chunk, rows);
    for (const statement of fillSqls) await db.query(statement, [weeksPast, made, next, rows]);
    made = next;
    const perSecond = Math.round((made / (performance.now() - startedAt)) * 1000);
    progress.update(made, rows, `${made.toLocaleString('en-US')} rows, ${perSecond.toLocaleString('en-US')}/s`);
  }
  progress.stop();
  // As autovacuum does: a week of that age has been vacuumed and has statistics, unlike rows that were just written.
  if (!context.interrupted.aborted) await db.query('vacuum (analyze)');
  return made;
}

/** SQL for the start of the week that lies `weeksPast` weeks before the newest one past 90 days. */
const weekStart = (weeksPast: string): string =>
  `date_trunc('week', now() at time zone 'UTC' - interval '90 days') at time zone 'UTC' - make_interval(weeks => 1 + ${weeksPast})`;

const makePartitionsSql = (weeksPast: number): string => `
  do $$
  declare
    parent text;
    week timestamptz := ${weekStart(String(weeksPast))};
  begin
    foreach parent in array array['events', 'jobs', 'attempts', 'messages'] loop
      execute format('create table %I partition of %I for values from (%L) to (%L)',
        parent || '_' || to_char(week at time zone 'UTC', 'IYYY"w"IW'), parent, uuid_floor(week), uuid_floor(week + interval '1 week'));
    end loop;
  end $$`;

/**
 * $1 weeks past retention, $2 and $3 the range of rows, $4 rows of the whole week. Ids are UUIDv7 except for the version digit.
 */
const madeRows = `
  select n, 'w' || $1::int || '-' || n / ${eventsPerOrder} as order_id, n % ${eventsPerOrder} as step,
    ${weekStart('$1::int')} + n * interval '1 week' / $4::bigint as at,
    (left(uuid_floor(${weekStart('$1::int')} + n * interval '1 week' / $4::bigint)::text, 24) || lpad(to_hex(n), 12, '0'))::uuid as id
  from generate_series($2::bigint, $3::bigint - 1) n`;

const fillSqls = [
  `insert into orders (order_id, status, version, data, created_at, updated_at)
   select order_id, 'delivered', ${eventsPerOrder}, '{"customer": {"id": "made-up"}}', at, at from (${madeRows}) made where step = 0`,
  `insert into lanes (order_id, destination, acked_version, updated_at)
   select order_id, 'erp', ${eventsPerOrder}, at from (${madeRows}) made where step = 0`,
  `insert into order_changes (order_id, version, to_status, occurred_at, event_id, data, applied_at)
   select order_id, step + 1, 'pending', at, id, case step when 0 then '{"customer": {"id": "made-up"}}'::jsonb end, at
   from (${madeRows}) made`,
  `insert into event_keys (source, id, event_id, order_id, body_hash, created_at)
   select 'shop-' || n % 10, md5(id::text), id, order_id, sha256(id::text::bytea), at from (${madeRows}) made`,
  `insert into events (event_id, source, id, type, order_id, occurred_at, data, accepted_at)
   select id, 'shop-' || n % 10, md5(id::text), case step when 0 then 'order.created' else 'order.status_changed' end, order_id, at,
     '{"status": "shipped", "reason": "packed and handed over"}', at from (${madeRows}) made`,
  `insert into jobs (id, name, queue, priority, payload, state, outcome, order_id, attempts_used, tries, created_at, ended_at, run_at)
   select id, 'apply-order-event', 'order-status', 3, '{"orderId": "made-up"}', 'ended', 'done', order_id, 1, 1, at, at, at
   from (${madeRows}) made`,
  `insert into attempts (job_id, number, started_at, ended_at, outcome, used_attempt)
   select id, 1, at, at, 'done', true from (${madeRows}) made`,
  `insert into messages (id, order_id, version, kind, channel, recipient, state, created_at)
   select id, order_id, 1, 'shipped', 'email', 'customer@example.org', 'sent', at from (${madeRows}) made`,
];
