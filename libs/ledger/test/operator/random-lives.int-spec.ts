import type { Database } from '@orderly/database';
import * as fc from 'fast-check';
import { discardLetters, reopenLetters, resyncOrder, settleUnknown } from '../../src/index';
import { createLedgerDatabase, testActor, type LedgerDatabase } from '../../src/testing';
import { deadOf, laneOfOrder, unknownOutcome, type LaneSettings } from './lane-of-order';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const by = { actor: testActor, reason: 'test', traceId: null };

/** Lets an order, its partner and an operator do things at random, and checks the lane after each of them. */
async function live(settings: LaneSettings, random: () => number, mayResync: boolean): Promise<void> {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const lane = await laneOfOrder(db, settings);
  /** Versions that the destination took, in the order in which it took them. */
  const told: number[] = [];
  const letters = async () => (await lane.jobs()).filter(({ outcome }) => outcome === 'dead');
  const unknown = async () => (await lane.jobs()).filter(({ outcome }) => outcome === 'unknown');

  const work = async (endings: readonly ('done' | 'dead' | 'unknown')[]): Promise<boolean> => {
    const { head } = await lane.laneRow();
    if (head === null) return false;
    const result = await lane.sync.claim({ jobId: head });
    if (result.kind !== 'claimed') throw new Error(`the head was not claimed but ${result.kind}`);
    const { job } = result;
    const version = job.intentVersion ?? 0;
    if (version <= job.ackedVersion) {
      await lane.settle(job, { kind: 'ended', outcome: 'superseded' });
      return true;
    }
    const ending = pick(endings);
    // An outcome that is unknown may have taken effect.
    if (ending === 'done' || (ending === 'unknown' && random() < 0.5)) told.push(version);
    if (ending === 'done') await lane.settle(job, undefined, 200);
    else
      await lane.settle(job, ending === 'dead' ? deadOf(lane.destination) : unknownOutcome, ending === 'dead' ? 422 : undefined);
    return true;
  };
  const redrive = async (): Promise<void> => {
    const chosen = (await letters()).filter(() => random() < 0.7).map(({ id }) => id);
    await db.transaction((query) => reopenLetters(query, chosen, { action: 'job.redriven', ...by }));
  };
  const settle = async (): Promise<void> => {
    for (const { id, version } of await unknown()) {
      const outcome = told.includes(version) || told.some((one) => one > version) ? 'done' : 'not-done';
      await db.transaction((query) => settleUnknown(query, { jobId: id, outcome, ...by }));
    }
  };
  const discard = async (): Promise<void> => {
    const [letter] = await letters();
    if (letter) await db.transaction((query) => discardLetters(query, { filter: { ids: [letter.id] }, ...by }));
  };
  const resync = async (): Promise<void> => {
    const { acked_version: acked } = await lane.laneRow();
    // Behind the confirmed version a resync sends it once more: then the partner hears it twice, which is what it is for.
    if (acked >= lane.version()) return;
    await db.transaction((query) =>
      resyncOrder(query, { orderId: lane.orderId, destination: lane.destination, ...by, traceparent: null, tracestate: null }),
    );
  };
  const actions = [() => lane.change(), () => work(['done', 'dead', 'dead', 'unknown']), redrive, settle, discard];
  if (mayResync) actions.push(resync);

  await lane.change();
  for (let step = 0; step < 25; step += 1) {
    await pick(actions)();
    await expectSound();
  }
  // The partner is mended, and the operator clears up.
  for (let round = 0; round < 60; round += 1) {
    await settle();
    const ids = (await letters()).map(({ id }) => id);
    await db.transaction((query) => reopenLetters(query, ids, { action: 'job.redriven', ...by }));
    if (!(await work(['done'])) && ids.length === 0) break;
    await expectSound();
  }
  const jobs = await lane.jobs();
  expect(jobs.filter(({ state }) => state !== 'ended')).toEqual([]);
  expect(jobs.filter(({ outcome }) => outcome === 'dead' || outcome === 'unknown')).toEqual([]);
  expect(told).toEqual(told.toSorted((one, two) => one - two));

  async function expectSound(): Promise<void> {
    const { head, blocked_by: blocker } = await lane.laneRow();
    const all = await lane.jobs();
    const open = all.filter(({ state }) => state === 'runnable' || state === 'running');
    expect(open.map(({ id }) => id)).toEqual(head === null ? [] : [head]);
    if (blocker !== null) expect(['dead', 'unknown']).toContain(all.find(({ id }) => id === blocker)?.outcome);
    if (blocker === null && head === null) expect(all.filter(({ state }) => state === 'blocked')).toEqual([]);
  }
}

describe.each<LaneSettings>([
  { mode: 'every-event', onDeadHead: 'block' },
  { mode: 'every-event', onDeadHead: 'skip' },
  { mode: 'every-event', onDeadHead: 'supersede' },
  { mode: 'latest-state', onDeadHead: 'block' },
  { mode: 'latest-state', onDeadHead: 'supersede' },
])('a destination with %j never goes backwards, and ends in step', (settings) => {
  const numbers = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
  it.each([
    ['redrives, discards and settlements', false],
    ['resyncs too', true],
  ])('through random %s', (_what, mayResync) =>
    fc.assert(
      fc.asyncProperty(numbers, (stream) => live(settings, () => Number(stream.next().value), mayResync)),
      { numRuns: 4 },
    ),
  );
});
