import { sendAlert, type AlertChannel } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { newJob, type ClaimedJob, type Ledger, type Verdict } from '@orderly/jobs';
import { createClaimLedger, openAlerts, raiseAlerts } from '../../src/index';
import {
  acceptAll,
  addJobs,
  createLedgerDatabase,
  newSyncJob,
  settlementOf,
  startProcess,
  statusEvent,
  type LedgerDatabase,
} from '../../src/testing';
import { startApplier } from '../orders/applying';

let ledger: LedgerDatabase;
let db: Database;
let number = 0;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const wait = { signal: new AbortController().signal };
const quarterOfAnHour = 900_000;

type AlertJob = { cause: string; subject: string; count: number; channel: AlertChannel; exampleId?: string; previousAt?: string };

/** The alerts about one subject that were given to the queue, oldest first. */
const alertsAbout = async (subject: string): Promise<AlertJob[]> => {
  const rows = await db.query<{ payload: AlertJob }>(
    `select payload from jobs where name = 'send-alert' and payload ->> 'subject' = $1 order by id`,
    [subject],
  );
  return rows.map(({ payload }) => payload);
};
const open = (on = db, channels: readonly AlertChannel[] = ['webhook']) =>
  openAlerts(on, { channels, windowMs: quarterOfAnHour });
const untold = async (subject: string): Promise<number> =>
  (await db.query<{ pending: number }>('select pending from alert_windows where subject = $1', [subject]))[0]?.pending ?? 0;
/** Makes the last alert about a subject so old that its window is over. */
const endWindow = (subject: string) =>
  db.query(`update alert_windows set told_at = now() - interval '15 minutes' where subject = $1`, [subject]);

/** Jobs of a destination of the test's own, and processes that claim and settle them. */
async function setUp(jobs: number) {
  const destination = `alert-${(number += 1)}`;
  const ids = await addJobs(
    db,
    Array.from({ length: jobs }, (_, index) => newSyncJob({ destination, orderId: `${destination}-${index}` })),
  );
  await db.query(
    'insert into lanes (order_id, destination, head) select order_id, destination, id from jobs where id = any($1)',
    [ids],
  );
  const startLedger = async (on: Database) =>
    createClaimLedger(
      { db: on, processId: await startProcess(on), relay: () => undefined, wait },
      { queue: `order-sync.${destination}`, destination, sendsNewest: false, sendsMessages: false },
    );
  const end = async (on: Ledger, jobIds: readonly string[], verdict: Verdict) => {
    const claims = await Promise.all(jobIds.map((jobId) => on.claim({ jobId })));
    const claimed = claims.flatMap((claim) => (claim.kind === 'claimed' ? [claim.job] : []));
    await Promise.all(claimed.map((job: ClaimedJob) => on.settle(settlementOf(job, verdict))));
  };
  const dead = (code = 'destination-refused'): Verdict => ({
    ...{ kind: 'dead', code, message: 'refused', fingerprint: `${code}:${destination}` },
  });
  return { destination, ids, startLedger, end, dead };
}

const held = (reason: string, forMs = 60_000): Verdict => ({
  ...{ kind: 'again', delayMs: 0, usesAttempt: false, waitReason: 'held', hold: { reason, forMs } },
});

describe('dead letters', () => {
  it('raise one alert per fingerprint and window, and the next alert tells the number of the others', async () => {
    const { ids, destination, startLedger, end, dead } = await setUp(1000);
    const subject = `destination-refused:${destination}`;
    const others = ledger.connect();
    const [one, other] = await Promise.all([startLedger(db), startLedger(others)]);
    let isOver = false;
    // As two notification-workers do.
    const watching = [db, others].map(async (on) => {
      while (!isOver) await open(on);
    });
    await Promise.all([end(one, ids.slice(0, 500), dead()), end(other, ids.slice(500), dead())]);
    isOver = true;
    await Promise.all(watching);

    const [first, ...more] = await alertsAbout(subject);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ cause: 'dead-letters', code: 'destination-refused' });
    expect(ids).toContain(first!.exampleId);
    expect(first!.count + (await untold(subject))).toBe(1000);

    await endWindow(subject);
    await Promise.all([open(), open(others)]);
    const [, repeat, ...none] = await alertsAbout(subject);
    expect(none).toEqual([]);
    expect(repeat).toMatchObject({ count: 1000 - first!.count, previousAt: expect.any(String) });
  });

  it('raise no second alert before the window is over, and none after it if nothing more happened', async () => {
    const { ids, destination, startLedger, end, dead } = await setUp(1);
    const subject = `destination-refused:${destination}`;
    await end(await startLedger(db), ids, dead());
    await open();
    await open();
    await endWindow(subject);
    await open();
    expect(await alertsAbout(subject)).toHaveLength(1);
  });

  it('raise an alert each for different fingerprints, over each channel', async () => {
    const { ids, destination, startLedger, end, dead } = await setUp(2);
    const claims = await startLedger(db);
    await end(claims, ids.slice(0, 1), dead('destination-refused'));
    await end(claims, ids.slice(1), dead('address-refused'));
    await open(db, ['webhook', 'mail']);
    for (const code of ['destination-refused', 'address-refused']) {
      const channels = (await alertsAbout(`${code}:${destination}`)).map(({ channel }) => channel);
      expect(channels).toEqual(['webhook', 'mail']);
    }
  });

  it('that end after three crashes are reported as a poison job', async () => {
    const { ids, destination, startLedger, end, dead } = await setUp(1);
    await end(await startLedger(db), ids, dead('job-crashed'));
    await open();
    expect(await alertsAbout(`job-crashed:${destination}`)).toMatchObject([{ cause: 'poison-job', exampleId: ids[0] }]);
  });

  it('of events that an order refuses raise an alert in the transaction that applies them', async () => {
    const { apply } = await startApplier(db);
    const ids = await acceptAll(db, [
      statusEvent('refusing', 'pending', 0),
      statusEvent('refusing', 'cancelled', 1),
      statusEvent('refusing', 'delivered', 2),
    ]);
    await Promise.all(ids.map((jobId) => apply({ jobId })));
    await open();
    expect(await alertsAbout('transition-not-allowed:apply-order-event')).toMatchObject([{ count: 1, exampleId: ids[2] }]);
  });

  it('raise nothing if their transaction is rolled back', async () => {
    const failing = db.transaction(async (query) => {
      await raiseAlerts(query, [{ cause: 'dead-letters', subject: 'rolled-back' }]);
      throw new Error('boom');
    });
    await expect(failing).rejects.toThrow('boom');
    await open();
    expect(await alertsAbout('rolled-back')).toEqual([]);
  });

  it('of alerts raise none', async () => {
    const job = newJob(sendAlert, {
      ...{ channel: 'webhook', cause: 'dead-letters', subject: 'lost', count: 1 },
      ...{ firstAt: new Date().toISOString(), lastAt: new Date().toISOString() },
    });
    const [id = ''] = await addJobs(db, [job]);
    const claims = createClaimLedger(
      { db, processId: await startProcess(db), relay: () => undefined, wait },
      { queue: 'notifications', destination: null, sendsNewest: false, sendsMessages: true },
    );
    const claim = await claims.claim({ jobId: id });
    const verdict = {
      kind: 'dead',
      code: 'alert-undelivered',
      message: 'x',
      fingerprint: 'alert-undelivered:send-alert',
    } as const;
    await claims.settle(settlementOf((claim as { job: ClaimedJob }).job, verdict));
    expect(await db.query(`select from alert_windows where subject like '%send-alert'`)).toEqual([]);
  });
});

describe('a hold', () => {
  it('is reported when it begins and when its probe succeeds, and not while it lasts', async () => {
    const { ids, destination, startLedger, end } = await setUp(3);
    const claims = await startLedger(db);
    const endHold = () => db.query(`update holds set until = now() where key = $1`, [destination]);
    await end(claims, ids.slice(0, 1), held('destination-unauthorized'));
    await open();
    await endHold();
    await end(claims, ids.slice(1, 2), held('destination-unauthorized'));
    expect(await untold(destination)).toBe(0);
    await endHold();
    await end(claims, ids.slice(2), { kind: 'ended', outcome: 'done', resultVersion: 1 });
    await open();
    expect(await alertsAbout(destination)).toMatchObject([
      { cause: 'destination-held', code: 'destination-unauthorized', count: 1 },
      { cause: 'destination-released', code: 'destination-unauthorized', count: 1 },
    ]);
  });

  it('for throttling is not reported', async () => {
    const { ids, destination, startLedger, end } = await setUp(1);
    await end(await startLedger(db), ids, held('throttled'));
    expect(await untold(destination)).toBe(0);
  });
});

describe('an alert', () => {
  it('is taken off the list without a job if no channel is set up', async () => {
    await raiseAlerts(db.query, [{ cause: 'schedule-missed', subject: 'nobody-listens' }]);
    await open(db, []);
    expect(await untold('nobody-listens')).toBe(0);
    expect(await alertsAbout('nobody-listens')).toEqual([]);
  });

  it('counts a state that several processes see only once per quiet time', async () => {
    const raise = () => raiseAlerts(db.query, [{ cause: 'redis-memory', subject: 'quiet' }], { quietMs: 60_000 });
    await Promise.all([raise(), raise(), raise()]);
    expect(await untold('quiet')).toBe(1);
    await db.query(`update alert_windows set last_at = now() - interval '1 minute' where subject = 'quiet'`);
    await raise();
    expect(await untold('quiet')).toBe(2);
  });

  it('keeps the facts of the first untold occurrence and adds up the counts', async () => {
    const alert = { cause: 'wrong-api-keys', subject: 'sums' } as const;
    await raiseAlerts(db.query, [
      { ...alert, count: 2, detail: 'First.' },
      { ...alert, count: 3 },
    ]);
    await raiseAlerts(db.query, [{ ...alert, count: 4, detail: 'Second.' }]);
    await open();
    expect(await alertsAbout('sums')).toMatchObject([{ count: 9, detail: 'First.' }]);
  });

  it('with a text that is too long does not keep other alerts back', async () => {
    await raiseAlerts(db.query, [{ cause: 'dead-letters', subject: 'x'.repeat(1000), detail: 'y'.repeat(1000) }]);
    await raiseAlerts(db.query, [{ cause: 'dead-letters', subject: 'short' }]);
    await open();
    expect(await alertsAbout('short')).toHaveLength(1);
  });
});
