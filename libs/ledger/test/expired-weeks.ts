import type { Database } from '@orderly/database';

type Queryable = Pick<Database, 'query'>;

/** The tables that are partitioned by week and have the same retention. */
export const logTables = ['events', 'jobs', 'attempts', 'messages'];

/** Creates the partitions of the newest week that ended at least this many days ago, and returns the week's name. */
export async function makeExpiredWeek(db: Queryable, daysAgo: number): Promise<string> {
  const [row] = await db.query<{ week: string; start: Date }>(
    `select to_char(start at time zone 'UTC', 'IYYY"w"IW') as week, start
     from (select date_trunc('week', now() at time zone 'UTC' - make_interval(days => $1)) at time zone 'UTC' - interval '1 week') s(start)`,
    [daysAgo],
  );
  const { week, start } = row!;
  for (const parent of logTables) {
    await db.query(
      `do $$ begin execute format('create table ${parent}_${week} partition of ${parent} for values from (%L) to (%L)',
        uuid_floor('${start.toISOString()}'), uuid_floor('${start.toISOString()}'::timestamptz + interval '1 week')); end $$`,
    );
  }
  return week;
}

/** SQL for a time within the week. */
export const middleOf = (week: string): string =>
  `(to_date('${week}', 'IYYY"w"IW')::timestamp at time zone 'UTC' + interval '3 days 12 hours')`;

/** An id of the given time. Its last digits make it unique. */
export async function idAt(db: Queryable, time: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `select (left(uuid_floor(${time})::text, 24) || right(gen_random_uuid()::text, 12))::uuid as id`,
  );
  return row!.id;
}

/** Inserts a job of the given time with its event, attempt and message, and returns their common id. */
export async function addLoggedJob(
  db: Queryable,
  time: string,
  state: 'ended' | 'runnable' | 'blocked' | 'parked',
  orderId = 'o',
): Promise<string> {
  const id = await idAt(db, time);
  await db.query(
    `insert into jobs (id, name, queue, priority, payload, state, outcome, ended_at, order_id)
     values ($1, 'sync-order', 'order-sync.erp', 3, '{}', $2, $3, now(), $4)`,
    [id, state, state === 'ended' ? 'done' : null, orderId],
  );
  await db.query(
    `insert into events (event_id, source, id, type, order_id, occurred_at, data)
     values ($1, 'test', $2, 'order.created', $3, now(), '{}')`,
    [id, id, orderId],
  );
  await db.query(`insert into attempts (job_id, number, started_at, outcome, used_attempt) values ($1, 1, now(), 'done', true)`, [
    id,
  ]);
  await db.query(
    `insert into messages (id, order_id, version, kind, channel, state) values ($1, $2, 1, 'created', 'email', 'sent')`,
    [id, orderId],
  );
  return id;
}
