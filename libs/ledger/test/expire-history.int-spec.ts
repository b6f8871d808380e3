import type { Database } from '@orderly/database';
import { expireHistory, rotateLogs } from '../src/index';
import { createLedgerDatabase, loadVersion, type LedgerDatabase } from '../src/testing';
import { countPages } from './count-pages';
import { addLoggedJob, idAt, makeExpiredWeek, middleOf } from './expired-weeks';

let ledger: LedgerDatabase;
let db: Database;

beforeEach(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.connect(6, { preparesStatements: false });
});
afterEach(() => ledger.close());

const options = {
  ...{ pause: async () => true, signal: new AbortController().signal },
  ...{ retentionDays: 90, keyRetentionDays: 90 },
};
const rotation = { ...options, weeksAhead: 0, auditRetentionDays: 400 };

const count = async (table: string, where = 'true'): Promise<number> => {
  const [row] = await db.query<{ count: number }>(`select count(*)::int from ${table} where ${where}`);
  return row!.count;
};

describe('expired event keys', () => {
  /** Keys with odd numbers are a minute younger than the given age, the others a minute older. */
  const addKeys = (keys: number, days: number): Promise<unknown> =>
    db.query(
      `insert into event_keys (source, id, event_id, order_id, body_hash)
       select 'test', n::text,
         (left(uuid_floor(now() - make_interval(days => $1) + case when n % 2 = 0 then -1 else 1 end * interval '1 minute')::text, 24)
           || lpad(to_hex(n), 12, '0'))::uuid, 'o', '\\x00'
       from generate_series(1, ${keys}) n`,
      [days],
    );

  it.each([90, 120])('are removed in batches after %s days, and not a minute earlier', async (keyRetentionDays) => {
    await addKeys(2000, keyRetentionDays);
    let pauses = 0;
    const pause = async (): Promise<boolean> => (pauses += 1) > 0;
    expect(await expireHistory(db, { ...options, keyRetentionDays, batch: 300, pause })).toMatchObject({
      ...{ rows: 1000, eventKeys: 1000, isComplete: true },
    });
    expect(pauses).toBe(3);
    expect(await count('event_keys', 'id::int % 2 = 1')).toBe(1000);
    expect(await count('event_keys')).toBe(1000);
  });

  it('are removed over several runs, and each run continues where the last one stopped', async () => {
    await addKeys(2000, 90);
    const stop = { ...options, batch: 300, pause: async () => false };
    const runs = [];
    for (let run = 0; run < 4; run += 1) runs.push(await expireHistory(db, stop));
    expect(runs.map(({ eventKeys, isComplete }) => [eventKeys, isComplete])).toEqual([
      ...[
        [300, false],
        [300, false],
        [300, false],
      ],
      [100, true],
    ]);
    expect(await expireHistory(db, stop)).toMatchObject({ rows: 0, isComplete: true });
  });

  it('are found without reading the keys that stay or those that were removed before', async () => {
    await addKeys(60_000, 90);
    await expireHistory(db, options);
    const { counted, pages } = countPages(db, /event_keys/);
    expect(await expireHistory(counted, options)).toMatchObject({ eventKeys: 0, isComplete: true });
    expect(pages()).toBeLessThan(50);
  });

  it('are removed once by two runs at once', async () => {
    await addKeys(4000, 90);
    const runs = await Promise.all([1, 2].map(() => expireHistory(db, { ...options, batch: 100 })));
    expect(runs.reduce((sum, { eventKeys }) => sum + eventKeys, 0)).toBe(2000);
    expect(await count('event_keys')).toBe(2000);
  });
});

describe('the history of orders', () => {
  let week: string;
  beforeEach(async () => {
    week = await makeExpiredWeek(db, 120);
  });

  const addOrder = async (orderId: string, updated = middleOf(week), status = `'delivered'`): Promise<void> => {
    await db.query(`insert into orders (order_id, status, version, updated_at) values ($1, ${status}, 1, ${updated})`, [orderId]);
  };
  const addChange = async (orderId: string, version: number, time: string, data: object | null): Promise<void> => {
    const eventId = await addLoggedJob(db, time, 'ended', orderId);
    await db.query(
      `insert into order_changes (order_id, version, to_status, occurred_at, event_id, data) values ($1, $2, 'pending', now(), $3, $4)`,
      [orderId, version, eventId, data && JSON.stringify(data)],
    );
  };
  const versionsOf = async (orderId: string): Promise<number[]> => {
    const rows = await db.query<{ version: number }>('select version from order_changes where order_id = $1 order by 1', [
      orderId,
    ]);
    return rows.map(({ version }) => version);
  };

  it('is removed with its week, except the newest version and the snapshot that it builds on', async () => {
    await addOrder('o');
    for (const [version, data] of [{ a: 1 }, null, { a: 3 }, null, null].entries())
      await addChange('o', version + 1, middleOf(week), data);
    expect(await expireHistory(db, options)).toMatchObject({ orderRows: 3, isComplete: true });
    expect(await versionsOf('o')).toEqual([3, 5]);
    expect(await loadVersion(db, 'o', 5)).toMatchObject({ version: 5, data: { a: 3 } });
    expect(await expireHistory(db, options)).toMatchObject({ orderRows: 0 });
  });

  it('keeps a snapshot until the last version that builds on it is past retention', async () => {
    const later = await makeExpiredWeek(db, 100);
    await addOrder('o', 'now()');
    await addChange('o', 1, middleOf(week), { a: 1 });
    await addChange('o', 2, middleOf(later), null);
    await addChange('o', 3, 'now()', { a: 3 });
    await expireHistory(db, { ...options, retentionDays: 110 });
    expect(await versionsOf('o')).toEqual([1, 2, 3]);
    expect(await loadVersion(db, 'o', 2)).toMatchObject({ data: { a: 1 } });
    await expireHistory(db, options);
    expect(await versionsOf('o')).toEqual([3]);
  });

  it.each(['head', 'blocked_by'])('is kept completely while a lane of the order has a %s', async (column) => {
    await addOrder('o');
    await addChange('o', 1, middleOf(week), { a: 1 });
    await addChange('o', 2, middleOf(week), { a: 2 });
    await db.query(`insert into lanes (order_id, destination, ${column}) values ('o', 'erp', $1)`, [await idAt(db, 'now()')]);
    expect(await expireHistory(db, options)).toMatchObject({ orderRows: 0 });
    expect(await versionsOf('o')).toEqual([1, 2]);
  });

  it('is kept completely while an open job keeps an older week', async () => {
    const older = await makeExpiredWeek(db, 200);
    await addOrder('o');
    await addChange('o', 1, middleOf(older), { a: 1 });
    await addLoggedJob(db, middleOf(older), 'parked', 'o');
    await addChange('o', 2, middleOf(week), { a: 2 });
    await addChange('o', 3, middleOf(week), { a: 3 });
    await expireHistory(db, options);
    expect(await versionsOf('o')).toEqual([1, 3]);
  });

  it('is removed with lanes without open work of orders at rest, and with no others', async () => {
    for (const orderId of ['resting', 'moved', 'open']) {
      await addOrder(orderId, orderId === 'moved' ? 'now()' : undefined);
      await addLoggedJob(db, middleOf(week), 'ended', orderId);
      await db.query(`insert into lanes (order_id, destination, head) values ($1, 'erp', $2)`, [
        orderId,
        orderId === 'open' ? await idAt(db, 'now()') : null,
      ]);
    }
    expect(await expireHistory(db, options)).toMatchObject({ orderRows: 1 });
    expect(await db.query('select order_id from lanes order by 1')).toEqual([{ order_id: 'moved' }, { order_id: 'open' }]);
  });

  it('is removed with placeholders without events in another week, and with no others', async () => {
    for (const orderId of ['unknown', 'asked-again']) {
      await addOrder(orderId, middleOf(week), 'null');
      await addLoggedJob(db, middleOf(week), 'ended', orderId);
    }
    await addLoggedJob(db, 'now()', 'ended', 'asked-again');
    expect(await expireHistory(db, options)).toMatchObject({ orderRows: 1 });
    expect(await db.query('select order_id from orders')).toEqual([{ order_id: 'asked-again' }]);
  });

  it('is removed before its week is dropped, over several runs if necessary, and leaves no position', async () => {
    for (let order = 0; order < 5; order += 1) {
      await addOrder(`o-${order}`, middleOf(week), 'null');
      await addLoggedJob(db, middleOf(week), 'ended', `o-${order}`);
    }
    expect(await rotateLogs(db, { ...rotation, batch: 2, pause: async () => false })).toMatchObject({
      ...{ dropped: [], isComplete: false },
    });
    expect(await count('orders')).toBe(3);
    const { dropped } = await rotateLogs(db, { ...rotation, batch: 2 });
    expect(dropped).toContain(`events_${week}`);
    expect(await count('orders')).toBe(0);
    expect(await count('cleanup_cursors')).toBe(0);
  });

  it('is removed once by two runs at once', async () => {
    for (let order = 0; order < 20; order += 1) {
      await addOrder(`o-${order}`);
      for (const version of [1, 2]) await addChange(`o-${order}`, version, middleOf(week), { version });
    }
    const runs = await Promise.all([1, 2].map(() => expireHistory(db, { ...options, batch: 3 })));
    expect(runs.reduce((sum, { orderRows }) => sum + orderRows, 0)).toBe(20);
    expect(await count('order_changes')).toBe(20);
  });
});
