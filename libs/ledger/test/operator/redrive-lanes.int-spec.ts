import type { Database } from '@orderly/database';
import { discardLetters, freeBlockedLanes, reopenLetters, resyncOrder, settleUnknown } from '../../src/index';
import { createLedgerDatabase, startProcess, testActor, type LedgerDatabase } from '../../src/testing';
import { laneOfOrder, unknownOutcome, type LaneSettings } from './lane-of-order';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const everyEvent: LaneSettings = { mode: 'every-event', onDeadHead: 'block' };
const latestState: LaneSettings = { mode: 'latest-state', onDeadHead: 'supersede' };
const by = { actor: testActor, reason: 'the partner mended it', traceId: null };
const trace = { traceparent: null, tracestate: null };

describe('a redrive', () => {
  it('unblocks the lane of its head, and every later version follows in order', async () => {
    const lane = await laneOfOrder(db, everyEvent);
    await lane.change(3);
    await lane.die(1, 422);
    expect(await lane.states()).toEqual(['dead', 'blocked', 'blocked']);
    const { counts, runnable } = await lane.redrive(1);
    expect(counts).toEqual({ sent: 1, superseded: 0, skipped: 0 });
    expect(runnable.map(({ id }) => id)).toEqual([await lane.idOf(1)]);
    expect(await lane.states()).toEqual(['runnable', 'blocked', 'blocked']);
    for (const version of [1, 2, 3]) await lane.settle(await lane.claim(version));
    expect(await lane.states()).toEqual(['done', 'done', 'done']);
    expect(await lane.laneRow()).toEqual({ head: null, acked_version: 3, blocked_by: null });
  });

  it('gives a letter fresh attempts', async () => {
    const lane = await laneOfOrder(db, everyEvent);
    await lane.change();
    await lane.die(1, 422);
    await lane.redrive(1);
    expect(await lane.claim(1)).toMatchObject({ attemptsUsed: 0, crashes: 0, tries: 2 });
  });

  it.each([
    ['keeps the key if the last try got no answer', undefined, 0],
    ['keeps the key after an answer that leaves the effect open', 500, 0],
    ['raises the epoch after a definite answer', 422, 1],
  ])('%s', async (_title, status, epoch) => {
    const lane = await laneOfOrder(db, everyEvent);
    await lane.change();
    await lane.die(1, status);
    await lane.redrive(1);
    expect(await lane.jobs()).toMatchObject([{ epoch }]);
  });

  it('puts an older letter before a waiting head', async () => {
    const lane = await laneOfOrder(db, { mode: 'every-event', onDeadHead: 'skip' });
    await lane.change(2);
    await lane.die(1, 422);
    expect(await lane.states()).toEqual(['dead', 'runnable']);
    await lane.redrive(1);
    expect(await lane.states()).toEqual(['runnable', 'blocked']);
    expect(await lane.laneRow()).toMatchObject({ head: await lane.idOf(1) });
  });

  it('closes an older letter once a newer version is confirmed, even if the newer one was running at the redrive', async () => {
    const lane = await laneOfOrder(db, { mode: 'every-event', onDeadHead: 'skip' });
    await lane.change(2);
    await lane.die(1, 422);
    const running = await lane.claim(2);
    await lane.redrive(1);
    expect(await lane.states()).toEqual(['blocked', 'running']);
    await lane.settle(running);
    expect(await lane.states()).toEqual(['superseded', 'done']);
  });

  it('closes a letter as superseded if its destination has a newer version', async () => {
    const lane = await laneOfOrder(db, { mode: 'every-event', onDeadHead: 'skip' });
    await lane.change(2);
    await lane.die(1, 422);
    await lane.settle(await lane.claim(2));
    expect((await lane.redrive(1)).counts).toEqual({ sent: 0, superseded: 1, skipped: 0 });
    expect(await lane.states()).toEqual(['superseded', 'done']);
  });

  it('closes a letter as superseded if a newer version is on its way to a latest-state destination', async () => {
    const lane = await laneOfOrder(db, latestState);
    await lane.change();
    await lane.die(1, 422);
    await lane.change();
    await lane.redrive(1);
    expect(await lane.states()).toEqual(['superseded', 'runnable']);
  });

  it('sends only the newest of several letters of one order to a latest-state destination', async () => {
    const lane = await laneOfOrder(db, latestState);
    for (const version of [1, 2, 3]) {
      await lane.change();
      await lane.die(version);
    }
    expect((await lane.redrive(1, 2, 3)).counts).toEqual({ sent: 1, superseded: 2, skipped: 0 });
    expect(await lane.states()).toEqual(['superseded', 'superseded', 'runnable']);
  });

  it('sends the newest version where the destination does not subscribe to the newer changes', async () => {
    const lane = await laneOfOrder(db, latestState);
    await lane.change();
    await lane.die(1);
    await db.query('update orders set version = 5 where order_id = $1', [lane.orderId]);
    expect((await lane.redrive(1)).counts.sent).toBe(1);
    expect(await lane.claim(1)).toMatchObject({ intentVersion: 5 });
  });

  it('frees a blocked latest-state lane with its newest version', async () => {
    const lane = await laneOfOrder(db, { mode: 'latest-state', onDeadHead: 'block' });
    await lane.change();
    await lane.die(1);
    await lane.change(2);
    expect(await lane.states()).toEqual(['dead', 'blocked', 'blocked']);
    await lane.redrive(1);
    expect(await lane.states()).toEqual(['superseded', 'superseded', 'runnable']);
  });

  it('skips a letter whose destination is no longer declared', async () => {
    const lane = await laneOfOrder(db, everyEvent);
    await lane.change();
    await lane.die(1);
    await db.query('update destinations set declared = false where name = $1', [lane.destination]);
    expect((await lane.redrive(1)).counts).toEqual({ sent: 0, superseded: 0, skipped: 1 });
    expect(await lane.states()).toEqual(['dead']);
  });

  it('sends each letter once when two operators redrive the same letters at the same time', async () => {
    const lanes = await Promise.all(Array.from({ length: 8 }, () => laneOfOrder(db, everyEvent)));
    for (const lane of lanes) {
      await lane.declare(everyEvent);
      await db.query('update destinations set declared = true');
      await lane.change(2);
      await lane.die(1, 422);
    }
    const ids = await Promise.all(lanes.map((lane) => lane.idOf(1)));
    const results = await Promise.all(
      [ids, ids.toReversed(), ids].map((given) =>
        db.transaction((query) => reopenLetters(query, given, { action: 'job.redriven', ...by })),
      ),
    );
    expect(results.reduce((sum, { counts }) => sum + counts.sent, 0)).toBe(8);
    expect(results.flatMap(({ runnable }) => runnable.map(({ id }) => id)).toSorted()).toEqual(ids.toSorted());
    const audited = await db.query(`select from audit where action = 'job.redriven' and order_id = any($1)`, [
      lanes.map(({ orderId }) => orderId),
    ]);
    expect(audited).toHaveLength(8);
  });
});

describe('a discarded letter', () => {
  it('unblocks its lane, and is not sent', async () => {
    const lane = await laneOfOrder(db, everyEvent);
    await lane.change(2);
    await lane.die(1);
    const filter = { destination: lane.destination };
    const result = await db.transaction((query) => discardLetters(query, { filter, ...by }));
    expect(result).toMatchObject({ discarded: 1, isMore: false, runnable: [{ id: await lane.idOf(2) }] });
    expect(await lane.states()).toEqual(['discarded', 'runnable']);
    expect(
      await db.query(`select actor, reason from audit where action = 'job.discarded' and order_id = $1`, [lane.orderId]),
    ).toEqual([{ actor: 'test', reason: by.reason }]);
  });
});

describe('settling an unknown outcome', () => {
  const setUp = async (settings: LaneSettings) => {
    const lane = await laneOfOrder(db, settings);
    await lane.change(2);
    await lane.settle(await lane.claim(1), unknownOutcome);
    const jobId = await lane.idOf(1);
    const settle = (outcome: 'done' | 'not-done') => db.transaction((query) => settleUnknown(query, { jobId, outcome, ...by }));
    return { lane, settle };
  };

  it('as done confirms the version and lets the next one go', async () => {
    const { lane, settle } = await setUp(everyEvent);
    expect(await settle('done')).toMatchObject({ status: 'settled', outcome: 'done' });
    expect(await lane.states()).toEqual(['done', 'runnable']);
    expect(await lane.laneRow()).toMatchObject({ acked_version: 1, blocked_by: null });
  });

  it('as not done sends it again under the same key', async () => {
    const { lane, settle } = await setUp(everyEvent);
    expect(await settle('not-done')).toMatchObject({ status: 'settled', outcome: null });
    expect(await lane.states()).toEqual(['runnable', 'blocked']);
    expect(await lane.jobs()).toMatchObject([{ epoch: 0 }, {}]);
  });

  it('as not done closes it as superseded where a newer version waits for a latest-state destination', async () => {
    const lane = await laneOfOrder(db, latestState);
    await lane.change();
    await lane.settle(await lane.claim(1), unknownOutcome);
    await lane.change();
    const jobId = await lane.idOf(1);
    const answer = await db.transaction((query) => settleUnknown(query, { jobId, outcome: 'not-done', ...by }));
    expect(answer).toMatchObject({ status: 'settled', outcome: 'superseded' });
    expect(await lane.states()).toEqual(['superseded', 'runnable']);
  });

  it('leaves a job alone whose outcome is known', async () => {
    const { lane, settle } = await setUp(everyEvent);
    await settle('done');
    expect(await settle('not-done')).toEqual({ status: 'not-unknown', state: 'ended', outcome: 'done' });
    expect(await lane.states()).toEqual(['done', 'runnable']);
  });
});

describe('a resync', () => {
  const resync = (lane: { orderId: string; destination: string }) =>
    db.transaction((query) => resyncOrder(query, { orderId: lane.orderId, destination: lane.destination, ...by, ...trace }));

  it('sends a confirmed version again, under a new key', async () => {
    const lane = await laneOfOrder(db, latestState);
    await lane.change();
    await lane.settle(await lane.claim(1), undefined, 200);
    const answer = await resync(lane);
    expect(answer).toMatchObject({ status: 'accepted', version: 1, runnable: [{ name: 'sync-order' }] });
    const again = await lane.claimId(answer.status === 'accepted' ? answer.jobId : '');
    expect(again).toMatchObject({ version: 1, epoch: 1, ackedVersion: 0 });
    await lane.settle(again);
    expect(await lane.laneRow()).toEqual({ head: null, acked_version: 1, blocked_by: null });
  });

  it.each([everyEvent, { mode: 'latest-state', onDeadHead: 'block' } as const])(
    'frees a blocked lane with the current version: %j',
    async (settings) => {
      const lane = await laneOfOrder(db, settings);
      await lane.change();
      await lane.die(1);
      await lane.change(2);
      expect(await resync(lane)).toMatchObject({ status: 'accepted', version: 3 });
      expect(await lane.states()).toEqual(['superseded', 'superseded', 'runnable']);
    },
  );

  it('names the job that sends the version already', async () => {
    const lane = await laneOfOrder(db, latestState);
    await lane.change();
    const { id } = await lane.claim(1);
    expect(await resync(lane)).toMatchObject({ status: 'accepted', jobId: id, runnable: [] });
    expect(await lane.states()).toEqual(['running']);
  });

  it('waits for a person where an outcome is unknown', async () => {
    const lane = await laneOfOrder(db, latestState);
    await lane.change();
    await lane.settle(await lane.claim(1), unknownOutcome);
    expect(await resync(lane)).toEqual({ status: 'outcome-unknown', jobId: await lane.idOf(1) });
  });

  it('makes the lane of a destination that has never heard of the order', async () => {
    const lane = await laneOfOrder(db, latestState);
    await lane.change(2);
    const other = await laneOfOrder(db, latestState);
    const answer = await resync({ orderId: lane.orderId, destination: other.destination });
    expect(answer).toMatchObject({ status: 'accepted', version: 2, runnable: [{ queue: `order-sync.${other.destination}` }] });
  });

  it('refuses an unknown order or destination', async () => {
    const lane = await laneOfOrder(db, latestState);
    expect(await resync({ ...lane, orderId: 'nobody' })).toEqual({ status: 'order-unknown' });
    await lane.change();
    expect(await resync({ ...lane, destination: 'nowhere' })).toEqual({ status: 'destination-unknown' });
  });
});

describe('a changed onDeadHead', () => {
  it.each([
    ['supersede', ['dead', 'superseded', 'runnable']],
    ['skip', ['dead', 'runnable', 'blocked']],
  ] as const)('%s frees lanes that a dead letter blocks', async (onDeadHead, states) => {
    const lane = await laneOfOrder(db, everyEvent);
    await lane.change(3);
    await lane.die(1);
    expect(await freeBlockedLanes(db, lane.destination, lane.options.relay)).toBe(0);
    await lane.declare({ mode: 'every-event', onDeadHead });
    lane.relayed.length = 0;
    expect(await freeBlockedLanes(db, lane.destination, lane.options.relay)).toBe(1);
    expect(await lane.states()).toEqual(states);
    expect(lane.relayed.map(({ id }) => id)).toEqual([(await lane.laneRow()).head]);
  });

  it('leaves a lane blocked whose outcome is unknown', async () => {
    const lane = await laneOfOrder(db, everyEvent);
    await lane.change(2);
    await lane.settle(await lane.claim(1), unknownOutcome);
    await lane.declare({ mode: 'every-event', onDeadHead: 'skip' });
    expect(await freeBlockedLanes(db, lane.destination, lane.options.relay)).toBe(0);
    expect(await lane.states()).toEqual(['unknown', 'blocked']);
  });
});

it('a job that is being claimed keeps its place before a redriven letter', async () => {
  const lane = await laneOfOrder(db, { mode: 'every-event', onDeadHead: 'skip' });
  await lane.change(2);
  await lane.die(1);
  const rival = ledger.connect(1);
  const id = await lane.idOf(2);
  const processId = await startProcess(db);
  await rival.transaction(async (query) => {
    await query(
      `update jobs set state = 'running', claim_token = gen_random_uuid(), claimed_by = $2, claimed_at = now(), intent_version = 2 where id = $1`,
      [id, processId],
    );
    await lane.redrive(1);
  });
  expect(await lane.states()).toEqual(['blocked', 'running']);
  expect(await lane.laneRow()).toMatchObject({ head: id });
});
