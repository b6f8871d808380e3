import { eventually } from '@orderly/testing';
import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '@orderly/database';
import {
  type AcceptedEvent,
  type Answer,
  createIntake,
  type IntakeRequest,
  type IntakeResult,
  type OnceResult,
  runOnce,
} from '../src/index';
import { buildAccepted, createLedgerDatabase, type LedgerDatabase } from '../src/testing';

let ledger: LedgerDatabase;
beforeAll(async () => {
  ledger = await createLedgerDatabase();
});
afterAll(() => ledger.close());

const retentionHours = 24;
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

const keyed = (key: string, asked = 'this', scope = 'scope') => ({ scope, key, fingerprint: hash(asked), retentionHours });

const accepted = (id: string, orderId = `order-${id}`): AcceptedEvent => buildAccepted({ id, orderId });

const answer = (results: readonly IntakeResult[]): Answer => ({
  status: 202,
  headers: { location: '/there' },
  body: JSON.stringify(results.map(({ status, eventId }) => ({ status, eventId }))),
});

const requestFor = (key: string, ...ids: readonly string[]): IntakeRequest => ({
  key: keyed(key, ids.join()),
  events: ids.map((id) => accepted(id)),
  answer,
});

const count = async (table: string, where: string): Promise<number> => {
  const [row] = await ledger.db.query<{ count: number }>(`select count(*)::int as count from ${table} where ${where}`);
  return row!.count;
};

const expireKey = (key: string): Promise<unknown> =>
  ledger.db.query('update idempotency_keys set expires_at = now() where key = $1', [key]);

describe('events under an idempotency key', () => {
  it('are accepted once, and their answer is kept for the given time', async () => {
    const take = createIntake(ledger.db).take;
    const request = requestFor('k-once', 'once');
    const first = await take({ ...request, key: { ...keyed('k-once', 'once'), retentionHours: 48 } });
    expect(first).toMatchObject({ status: 'done', value: [{ status: 'accepted' }] });
    const again = await take(requestFor('k-once', 'once'));
    expect(again).toEqual({ status: 'replayed', answer: (first as { answer: Answer }).answer });
    expect(await count('events', `id = 'once'`)).toBe(1);
    const [row] = await ledger.db.query<{ hours: number }>(
      `select extract(epoch from expires_at - created_at)::int / 3600 as hours from idempotency_keys where key = 'k-once'`,
    );
    expect(row).toEqual({ hours: 48 });
  });

  it('are refused if another request was answered under the key', async () => {
    const take = createIntake(ledger.db).take;
    await take(requestFor('k-other', 'one'));
    expect(await take(requestFor('k-other', 'two'))).toEqual({ status: 'reused' });
    expect(await count('events', `id = 'two'`)).toBe(0);
  });

  it('are accepted in another scope under the same key', async () => {
    const take = createIntake(ledger.db).take;
    await take(requestFor('k-scope', 'mine'));
    const other = { ...requestFor('k-scope', 'theirs'), key: keyed('k-scope', 'theirs', 'another scope') };
    expect(await take(other)).toMatchObject({ status: 'done', value: [{ status: 'accepted' }] });
  });

  it('share a transaction if they arrive together, and keep their order of arrival', async () => {
    const sizes: number[] = [];
    const take = createIntake(ledger.db, { onBatch: (size) => sizes.push(size) }).take;
    const ids = Array.from({ length: 50 }, (_, index) => `together-${(index * 37) % 50}`);
    const results = await Promise.all(ids.map((id) => take(requestFor(`k-${id}`, id))));
    expect(sizes[0]).toBe(50);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['done']));
    const rows = await ledger.db.query<{ id: string }>(`select id from events where id like 'together-%' order by acceptance`);
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  it('that arrive together under one key: the first is accepted, equal ones get its answer, others are refused', async () => {
    const take = createIntake(ledger.db).take;
    const results = await Promise.all([
      take(requestFor('k-crowd', 'crowd')),
      take(requestFor('k-crowd', 'crowd')),
      take(requestFor('k-crowd', 'stranger')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['done', 'replayed', 'reused']);
    expect(await count('events', `id in ('crowd', 'stranger')`)).toBe(1);
  });

  it('get the first answer from any process, and are told to retry while the key is in use', async () => {
    const elsewhere = ledger.connect();
    const held = heldOpen();
    const first = runOnce(elsewhere, keyed('k-busy', 'busy'), async () => {
      await held.wait();
      return { answer: answer([]), value: 'worked' };
    });
    await held.entered;
    const take = createIntake(ledger.db).take;
    expect(await take(requestFor('k-busy', 'busy'))).toEqual({ status: 'in-progress' });
    held.release();
    expect(await first).toMatchObject({ status: 'done', value: 'worked' });
    expect(await take(requestFor('k-busy', 'busy'))).toEqual({ status: 'replayed', answer: answer([]) });
    expect(await count('events', `id = 'busy'`)).toBe(0);

    // A request that reads the stored answer also holds the lock, and must not refuse another such request.
    const replays = await Promise.all(Array.from({ length: 20 }, () => runOnce(elsewhere, keyed('k-busy', 'busy'), neverAgain)));
    expect(new Set(replays.map(({ status }) => status))).toEqual(new Set(['replayed']));
  });

  it('are accepted once from 200 equal requests over two processes', async () => {
    const processes = [createIntake(ledger.connect()).take, createIntake(ledger.connect()).take];
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => processes[index % 2]!(requestFor('k-storm', 'storm'))),
    );
    expect(results.filter(({ status }) => status === 'done')).toHaveLength(1);
    expect(results.filter(({ status }) => !['done', 'replayed', 'in-progress'].includes(status))).toEqual([]);
    expect(await count('events', `id = 'storm'`)).toBe(1);
    expect(await count('jobs', `order_id = 'order-storm'`)).toBe(1);
  });

  it('are recognised with their answer if the confirmation of the commit was lost', async () => {
    const lossy: Database = {
      ...ledger.db,
      transaction: async (work) => {
        await ledger.db.transaction(work);
        throw new Error('Connection terminated unexpectedly');
      },
    };
    const cut = createIntake(lossy).take;
    await expect(cut(requestFor('k-lost', 'lost'))).rejects.toThrow('Connection terminated');
    const take = createIntake(ledger.db).take;
    const again = await take(requestFor('k-lost', 'lost'));
    expect(again.status).toBe('replayed');
    expect(JSON.parse((again as { answer: Answer }).answer.body)).toMatchObject([{ status: 'accepted' }]);
    expect(await count('events', `id = 'lost'`)).toBe(1);
    expect(await count('audit', `order_id = 'order-lost'`)).toBe(0);
  });

  it('that the database refuses affect no neighbours, and leave no answer', async () => {
    const take = createIntake(ledger.db).take;
    const ids = Array.from({ length: 16 }, (_, index) => (index === 11 ? 'bad\0' : `fine-${index}`));
    const results = await Promise.allSettled(
      ids.map((id, index) => take({ ...requestFor(`k-fine-${index}`, id), events: [accepted(id, 'order-fine')] })),
    );
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([11]);
    expect(await count('events', `order_id = 'order-fine'`)).toBe(15);
    expect(await count('idempotency_keys', `key like 'k-fine-%'`)).toBe(15);
    expect(await count('idempotency_keys', `key = 'k-fine-11'`)).toBe(0);
  });

  it('are recognised as duplicates by their own ids under another key', async () => {
    const take = createIntake(ledger.db).take;
    await take(requestFor('k-known-1', 'known'));
    expect(await take(requestFor('k-known-2', 'known'))).toMatchObject({
      status: 'done',
      value: [{ status: 'duplicate' }],
    });
  });

  it('that share ids with other requests in other orders never deadlock', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `circle-${index}`);
    const take = [createIntake(ledger.connect()).take, createIntake(ledger.connect()).take];
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, turn) => {
        const rotated = [...ids.slice(turn * 7), ...ids.slice(0, turn * 7)];
        return take[turn % 2]!(requestFor(`k-circle-${turn}`, ...(turn % 3 === 0 ? rotated.toReversed() : rotated)));
      }),
    );
    const all = results.flatMap((result) => (result.status === 'done' ? result.value : []));
    expect(all).toHaveLength(480);
    expect(all.filter(({ status }) => status === 'accepted')).toHaveLength(60);
  });

  it('share a transaction with requests without a key, which are accepted every time', async () => {
    const sizes: number[] = [];
    const { take } = createIntake(ledger.db, { onBatch: (size) => sizes.push(size) });
    await take(requestFor('k-mixed', 'mixed-0'));
    const plain = (id: string): IntakeRequest => ({ events: [accepted(id)], answer });
    const results = await Promise.all([
      take(plain('mixed-1')),
      take(requestFor('k-mixed', 'mixed-0')),
      take(requestFor('k-mixed-2', 'mixed-2')),
      take(plain('mixed-3')),
      take(plain('mixed-1')),
    ]);
    expect(sizes).toEqual([1, 5]);
    expect(results.map(({ status }) => status)).toEqual(['done', 'replayed', 'done', 'done', 'done']);
    expect(results[4]).toMatchObject({ value: [{ status: 'duplicate' }] });
    const rows = await ledger.db.query<{ id: string }>(`select id from events where id like 'mixed-%' order by acceptance`);
    expect(rows.map(({ id }) => id)).toEqual(['mixed-0', 'mixed-1', 'mixed-2', 'mixed-3']);
    expect(await count('idempotency_keys', `key like 'k-mixed%'`)).toBe(2);
  });

  it('count as new after the answer has expired, and the new answer replaces the old one', async () => {
    const take = createIntake(ledger.db).take;
    await take(requestFor('k-expired', 'before'));
    await expireKey('k-expired');
    const after = await take(requestFor('k-expired', 'after'));
    expect(after).toMatchObject({ status: 'done', value: [{ status: 'accepted' }] });
    expect(await take(requestFor('k-expired', 'after'))).toMatchObject({ status: 'replayed' });
    expect(await take(requestFor('k-expired', 'before'))).toEqual({ status: 'reused' });
    expect(await count('idempotency_keys', `key = 'k-expired'`)).toBe(1);
  });
});

describe('work under an idempotency key', () => {
  const work = (value: string) => async () => ({ answer: answer([]), value });

  it('leaves neither an effect nor an answer if it fails, and can be retried at once', async () => {
    const failing = runOnce(ledger.db, keyed('k-fails'), async (query) => {
      await insertEffect(query, 'fails');
      throw new Error('halfway');
    });
    await expect(failing).rejects.toThrow('halfway');
    expect(await count('leases', `name = 'fails'`)).toBe(0);
    expect(await count('idempotency_keys', `key = 'k-fails'`)).toBe(0);
    expect(await runOnce(ledger.db, keyed('k-fails'), work('now'))).toMatchObject({ value: 'now' });
  });

  it('leaves neither an effect nor an answer if its connection breaks before the commit', async () => {
    const broken = runOnce(ledger.connect(), keyed('k-broken'), async (query) => {
      await insertEffect(query, 'broken');
      const [row] = await query<{ pid: number }>('select pg_backend_pid() as pid');
      await ledger.db.query('select pg_terminate_backend($1)', [row!.pid]);
      await query('select 1');
      return { answer: answer([]), value: undefined };
    });
    await expect(broken).rejects.toThrow(/terminat|not queryable/);
    expect(await count('leases', `name = 'broken'`)).toBe(0);
    expect(await runOnce(ledger.db, keyed('k-broken'), work('now'))).toMatchObject({ value: 'now' });
  });

  it('gives up its key after seconds if it hangs, and never commits', async () => {
    const held = heldOpen();
    const still = runOnce(ledger.connect(), keyed('k-still'), async (query) => {
      await insertEffect(query, 'still');
      await held.wait();
      await query('select 1');
      return { answer: answer([]), value: undefined };
    });
    const failed = expect(still).rejects.toThrow();
    await held.entered;
    const again = (): Promise<OnceResult<string>> => runOnce(ledger.db, keyed('k-still'), work('again'));
    expect(await again()).toEqual({ status: 'in-progress' });
    await eventually(async () => expect(await again()).toMatchObject({ status: 'done', value: 'again' }), { intervalMs: 200 });
    held.release();
    await failed;
    expect(await count('leases', `name = 'still'`)).toBe(0);
  });

  it('releases its locks if it hangs without a key', async () => {
    const held = heldOpen();
    const session = Promise.withResolvers<number>();
    const still = runOnce(ledger.connect(), undefined, async (query) => {
      const [row] = await query<{ pid: number }>('select pg_backend_pid() as pid');
      session.resolve(row!.pid);
      await held.wait();
      await query('select 1');
      return { answer: answer([]), value: undefined };
    });
    const failed = expect(still).rejects.toThrow();
    await held.entered;
    const sessions = `select from pg_stat_activity where pid = $1`;
    const pid = await session.promise;
    await eventually(async () => expect(await ledger.db.query(sessions, [pid])).toEqual([]), { intervalMs: 200 });
    held.release();
    await failed;
  });

  it('runs again after a conflict with another transaction', async () => {
    let tries = 0;
    const result = await runOnce(ledger.db, keyed('k-deadlock'), async (query) => {
      tries += 1;
      await insertEffect(query, `try-${tries}`);
      if (tries === 1) await query(`do $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$`);
      return { answer: answer([]), value: tries };
    });
    expect(result).toMatchObject({ status: 'done', value: 2 });
    expect(await count('leases', `name like 'try-%'`)).toBe(1);
  });

  it('is a plain transaction without a key, and stores no answer', async () => {
    const before = await count('idempotency_keys', 'true');
    expect(await runOnce(ledger.db, undefined, work('once'))).toMatchObject({
      status: 'done',
      value: 'once',
    });
    expect(await runOnce(ledger.db, undefined, work('twice'))).toMatchObject({
      status: 'done',
      value: 'twice',
    });
    expect(await count('idempotency_keys', 'true')).toBe(before);
  });
});

type Query = Pick<LedgerDatabase['db'], 'query'>['query'];

const insertEffect = (query: Query, name: string): Promise<unknown> =>
  query(`insert into leases (name, holder, until) values ($1, $2, now() + interval '1 hour')`, [name, randomUUID()]);

const neverAgain = async (): Promise<never> => {
  throw new Error('done before');
};

/** Work that does not end before it is released. */
function heldOpen() {
  const entered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const wait = (): Promise<void> => {
    entered.resolve();
    return released.promise;
  };
  return { entered: entered.promise, release: released.resolve, wait };
}
