import type { Database } from '@orderly/database';
import {
  cancelOperation,
  carryOutStep,
  countLetters,
  isKnownFingerprint,
  previewRedrive,
  startRedrive,
  type LetterFilter,
  type RedriveRequest,
} from '../../src/index';
import { addJobs, createLedgerDatabase, newSyncJob, testActor, type LedgerDatabase } from '../../src/testing';

let ledger: LedgerDatabase;
let db: Database;

beforeEach(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
  await db.query(
    `insert into destinations (name, mode, on_dead_head) values ('erp', 'every-event', 'skip'), ('crm', 'every-event', 'skip')`,
  );
});
afterEach(() => ledger.close());

/** Dead letters of orders of their own. */
async function addLetters(count: number, destination = 'erp', code = 'destination-refused'): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, index) =>
    newSyncJob({ orderId: `${destination}-${code}-${index}`, destination }),
  );
  const ids = await addJobs(db, jobs);
  await db.query(
    `update jobs set state = 'ended', outcome = 'dead', error_code = $2, fingerprint = $2 || ':' || destination, ended_at = now()
     where id = any($1)`,
    [ids, code],
  );
  return ids;
}

const start = (filter: LetterFilter, rest: Partial<RedriveRequest> = {}): Promise<string> =>
  db.transaction(async (query) => {
    const request = { filter, perSecond: 1000, first: null, reason: 'test', actor: testActor, traceId: null, ...rest };
    return startRedrive(query, request, await countLetters(query, filter));
  });

/** Does all steps that are due; the pace of the operation is skipped. */
async function carryOut(steps = Infinity): Promise<string[]> {
  const runnable: string[] = [];
  for (let step = 0; step < steps; step += 1) {
    await db.query('update operations set next_at = now()');
    const { worked, runnable: jobs } = await carryOutStep(db);
    if (!worked) break;
    runnable.push(...jobs.map(({ id }) => id));
  }
  return runnable;
}

const find = async (id: string) =>
  (
    await db.query<{ state: string; phase: string; sent: number; superseded: number; skipped: number; held_back: string[] }>(
      'select state, phase, sent, superseded, skipped, held_back from operations where id = $1',
      [id],
    )
  )[0]!;

const endAll = (ids: readonly string[], outcome: string) =>
  db.query(
    `update jobs set state = 'ended', outcome = $2, ended_at = clock_timestamp(),
       fingerprint = case when $2 = 'dead' then 'destination-refused:erp' end where id = any($1)`,
    [ids, outcome],
  );

it('a redrive sends every matching letter once, over many steps', async () => {
  const ids = await addLetters(300);
  await addLetters(5, 'crm');
  const id = await start({ destination: 'erp' });
  expect((await carryOut()).toSorted()).toEqual(ids.toSorted());
  expect(await find(id)).toMatchObject({ state: 'done', sent: 300, superseded: 0, skipped: 0 });
  expect(await countLetters(db.query, {})).toBe(5);
});

it('two processes share a redrive, and each letter is sent once', async () => {
  const ids = await addLetters(400);
  const id = await start({});
  const other = ledger.connect(2);
  const run = async (database: Database): Promise<string[]> => {
    const runnable: string[] = [];
    while ((await find(id)).state === 'running') {
      await database.query('update operations set next_at = now()');
      runnable.push(...(await carryOutStep(database)).runnable.map((job) => job.id));
    }
    return runnable;
  };
  const [one, two] = await Promise.all([run(db), run(other)]);
  expect([...one, ...two].toSorted()).toEqual(ids.toSorted());
});

it('a step that dies with its process is done again by another', async () => {
  const ids = await addLetters(50);
  await start({}, { perSecond: 80 });
  const doomed: Pick<Database, 'transaction'> = {
    transaction: (work) =>
      db.transaction(async (query) => {
        await work(query);
        throw new Error('killed before the commit');
      }),
  };
  await expect(carryOutStep(doomed)).rejects.toThrow('killed');
  expect((await carryOut()).toSorted()).toEqual(ids.toSorted());
});

it('a redrive leaves out the letters that die while it runs', async () => {
  const ids = await addLetters(20);
  const id = await start({}, { perSecond: 80 });
  await carryOut(1);
  await endAll(ids.slice(0, 10), 'dead');
  await carryOut();
  expect(await find(id)).toMatchObject({ state: 'done', sent: 20 });
  expect(await countLetters(db.query, {})).toBe(10);
});

it('a redrive keeps its pace, and does not catch up after a standstill', async () => {
  await addLetters(30);
  const id = await start({}, { perSecond: 8 });
  const dueInMs = async (): Promise<number> =>
    (
      await db.query<{ ms: number }>(
        `select extract(epoch from next_at - now())::float8 * 1000 as ms from operations where id = $1`,
        [id],
      )
    )[0]!.ms;
  await db.query(`update operations set next_at = now() - interval '1 hour'`);
  for (let step = 0; step < 9; step += 1) await carryOutStep(db);
  expect((await find(id)).sent).toBeLessThanOrEqual(9);
  expect(await dueInMs()).toBeGreaterThan(-1100);
});

it('canaries go first, and the rest of a fingerprint follows only if they succeed', async () => {
  const [good, bad] = [await addLetters(10), await addLetters(10, 'erp', 'job-failed')];
  const id = await start({}, { first: 2 });
  const canaries = await carryOut(2);
  expect(canaries.toSorted()).toEqual([...good.slice(0, 2), ...bad.slice(0, 2)].toSorted());
  expect(await find(id)).toMatchObject({ phase: 'waiting', sent: 4 });
  expect(await carryOut(3)).toEqual([]);
  await endAll(good.slice(0, 2), 'done');
  await endAll(bad.slice(0, 1), 'done');
  await endAll(bad.slice(1, 2), 'dead');
  expect((await carryOut()).toSorted()).toEqual(good.slice(2).toSorted());
  expect(await find(id)).toMatchObject({ state: 'done', sent: 12, held_back: ['job-failed:erp'] });
});

it('a cancelled redrive sends nothing more', async () => {
  await addLetters(20);
  const id = await start({}, { perSecond: 80 });
  await carryOut(1);
  const by = { actor: testActor, reason: 'enough', traceId: null };
  expect(await db.transaction((query) => cancelOperation(query, id, by))).toBe(true);
  expect(await carryOut()).toEqual([]);
  expect(await find(id)).toMatchObject({ state: 'cancelled', sent: 10 });
  expect(await db.transaction((query) => cancelOperation(query, id, by))).toBe(true);
  expect(await db.query(`select reason from audit where action = 'operation.cancelled'`)).toEqual([{ reason: 'enough' }]);
});

it.each<[LetterFilter, number]>([
  [{}, 7],
  [{ fingerprint: 'destination-refused:erp' }, 3],
  [{ code: 'job-failed' }, 4],
  [{ job: 'sync-order' }, 7],
  [{ job: 'send-notification' }, 0],
  [{ destination: 'crm' }, 4],
  [{ orderId: 'erp-destination-refused-1' }, 1],
  [{ since: '2020-01-01T00:00:00Z' }, 7],
  [{ since: '2999-01-01T00:00:00Z' }, 0],
  [{ until: '2020-01-01T00:00:00Z' }, 0],
  [{ destination: 'crm', code: 'destination-refused' }, 0],
])('the filter %j matches %i letters', async (filter, count) => {
  await addLetters(3);
  await addLetters(4, 'crm', 'job-failed');
  expect(await countLetters(db.query, filter)).toBe(count);
  expect(await previewRedrive(db.query, filter)).toEqual({
    matched: count,
    sent: count,
    superseded: 0,
    skipped: 0,
    isComplete: true,
  });
});

it('a filter by ids matches these letters alone', async () => {
  const ids = await addLetters(5);
  expect(await countLetters(db.query, { ids: ids.slice(1, 3) })).toBe(2);
});

it('a redrive by more ids than one step examines comes to its end', async () => {
  const ids = await addLetters(700);
  await endAll(ids.slice(0, 695), 'done');
  const id = await start({ ids });
  expect(await carryOut(20)).toHaveLength(5);
  expect(await find(id)).toMatchObject({ state: 'done', sent: 5 });
});

it('a filter that matches few of many letters comes to its end', async () => {
  await addLetters(1200);
  await addLetters(3, 'crm');
  const id = await start({ destination: 'crm' });
  await carryOut();
  expect(await find(id)).toMatchObject({ state: 'done', sent: 3 });
});

it('a preview judges as the redrive does, and changes nothing', async () => {
  const ids = await addLetters(3);
  await db.query(
    `insert into lanes (order_id, destination, acked_version) select order_id, destination, 1 from jobs where id = $1`,
    [ids[0]],
  );
  await addLetters(2, 'gone');
  const preview = { matched: 5, sent: 2, superseded: 1, skipped: 2, isComplete: true };
  expect(await previewRedrive(db.query, {})).toEqual(preview);
  expect(await previewRedrive(db.query, {})).toEqual(preview);
  const id = await start({});
  await carryOut();
  expect(await find(id)).toMatchObject({ sent: 2, superseded: 1, skipped: 2 });
});

it('a fingerprint is known while a dead letter has it', async () => {
  await addLetters(1);
  expect(await isKnownFingerprint(db.query, 'destination-refused:erp')).toBe(true);
  expect(await isKnownFingerprint(db.query, 'destination-refused:nobody')).toBe(false);
});
