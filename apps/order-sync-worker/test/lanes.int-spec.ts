import { eventually } from '@orderly/testing';
import { created, moved, updated } from '@orderly/worker-process/testing';
import { gate, inTurn, reset, status } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

let sync: SyncSetup;
afterEach(() => sync.close());

const life = (orderId: string) => [created(orderId), moved(orderId, 'confirmed'), moved(orderId, 'shipped')];
const versionsOf = (orderId: string): number[] => sync.partner.about(orderId).map(({ version }) => version);

describe('a destination in the mode every-event', () => {
  it('gets each version in order, despite a failure in the middle, while other orders flow', async () => {
    sync = await setUp({ mode: 'every-event' });
    let isBroken = true;
    sync.partner.behave(({ orderId, version }) => (isBroken && orderId === 'A' && version === 2 ? status(500) : undefined));
    await sync.startWorker();
    await sync.apply([...life('A'), ...life('B')]);
    await sync.apply([...life('C')]);
    for (const orderId of ['B', 'C']) for (const version of [1, 2, 3]) await sync.ended(orderId, version, 'done');
    expect(await sync.job('A', 3)).toMatchObject({ state: 'blocked', wait_reason: 'behind-head', tries: 0 });

    await sync.bringForward((await sync.job('A', 2)).id);
    await eventually(async () => expect((await sync.job('A', 2)).attempts_used).toBe(2));
    isBroken = false;
    await sync.bringForward((await sync.job('A', 2)).id);
    await sync.ended('A', 3, 'done');
    expect(versionsOf('A')).toEqual([1, 2, 2, 2, 3]);
    for (const orderId of ['B', 'C']) expect(versionsOf(orderId)).toEqual([1, 2, 3]);
  });

  it('gets one request of an order at a time', async () => {
    sync = await setUp({ mode: 'every-event' });
    const first = gate();
    sync.partner.behave(({ version }) => (version === 1 ? first.answer : undefined));
    await sync.startWorker();
    await sync.apply(life('A'));
    await sync.apply(life('B'));
    await eventually(() => expect(sync.partner.requests).toHaveLength(2));
    expect(await sync.job('A', 2)).toMatchObject({ state: 'blocked' });
    first.open();
    await sync.ended('A', 3, 'done');
    expect(versionsOf('A')).toEqual([1, 2, 3]);
  });
});

describe('a destination in the mode latest-state', () => {
  it('gets the newest version, under its own key, if the order moved before a retry', async () => {
    sync = await setUp();
    sync.partner.behave(inTurn('A', status(500), status(204)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    await eventually(async () => expect((await sync.job('A', 1)).attempts_used).toBe(1));
    await sync.apply([moved('A', 'confirmed'), updated('A', { totalMinor: 500 }), moved('A', 'shipped')]);
    await sync.bringForward((await sync.job('A', 1)).id);

    expect(await sync.ended('A', 1, 'done')).toMatchObject({ attempts_used: 2, result_version: 4 });
    for (const version of [2, 3, 4]) expect(await sync.ended('A', version, 'superseded')).toMatchObject({ tries: 0 });
    const [first, second] = sync.partner.about('A');
    expect([first!.version, second!.version]).toEqual([1, 4]);
    expect(second!.key).not.toBe(first!.key);
    expect(sync.partner.about('A')).toHaveLength(2);
    expect(await sync.lane('A')).toMatchObject({ acked_version: 4, head: null });
  });

  it('gets the changes made during a request once, after it, and the running job is not superseded', async () => {
    sync = await setUp();
    const first = gate();
    sync.partner.behave(({ version }) => (version === 1 ? first.answer : undefined));
    await sync.startWorker();
    await sync.apply([created('A')]);
    await eventually(() => expect(versionsOf('A')).toEqual([1]));
    await sync.apply([moved('A', 'confirmed'), moved('A', 'shipped')]);
    expect(await sync.job('A', 1)).toMatchObject({ state: 'running' });
    first.open();
    expect(await sync.ended('A', 1, 'done')).toMatchObject({ result_version: 1 });
    await sync.ended('A', 3, 'superseded');
    expect(await sync.ended('A', 2, 'done')).toMatchObject({ result_version: 3 });
    expect(versionsOf('A')).toEqual([1, 3]);
  });
});

describe('when the head of a lane is a dead letter', () => {
  const withDeadHead = async (settings: Record<string, unknown>): Promise<void> => {
    sync = await setUp(settings);
    const refusal = gate(422);
    sync.partner.behave(({ orderId, version }) => (orderId === 'A' && version === 1 ? refusal.answer : undefined));
    await sync.startWorker();
    await sync.apply([created('A')]);
    await eventually(() => expect(versionsOf('A')).toEqual([1]));
    await sync.apply([moved('A', 'confirmed'), moved('A', 'shipped')]);
    refusal.open();
    await sync.ended('A', 1, 'dead');
    await sync.apply(life('B'));
    await eventually(async () => expect(await sync.lane('B')).toMatchObject({ acked_version: 3, head: null }));
  };

  it('every-event blocks the later jobs of the lane until a person decides', async () => {
    await withDeadHead({ mode: 'every-event' });
    await sync.apply([moved('A', 'delivered')]);
    for (const version of [2, 3, 4]) expect(await sync.job('A', version)).toMatchObject({ state: 'blocked' });
    expect(await sync.lane('A')).toMatchObject({ acked_version: 0, blocked_by: (await sync.job('A', 1)).id });
    expect(versionsOf('A')).toEqual([1]);
  });

  it('latest-state continues with the newest version and supersedes those in between', async () => {
    await withDeadHead({ mode: 'latest-state' });
    await sync.ended('A', 3, 'done');
    expect(await sync.ended('A', 2, 'superseded')).toMatchObject({ tries: 0 });
    expect(versionsOf('A')).toEqual([1, 3]);
  });

  it('skip leaves out only the dead head', async () => {
    await withDeadHead({ mode: 'every-event', onDeadHead: 'skip' });
    await sync.ended('A', 3, 'done');
    expect(versionsOf('A')).toEqual([1, 2, 3]);
  });

  it('block can be set for latest-state too', async () => {
    await withDeadHead({ mode: 'latest-state', onDeadHead: 'block' });
    expect(await sync.job('A', 2)).toMatchObject({ state: 'blocked' });
    expect(versionsOf('A')).toEqual([1]);
  });
});

describe('a request with an ambiguous outcome', () => {
  const lookup = { mode: 'lookup', url: '{partner}/erp/{orderId}', versionPointer: '/version' };

  it.each([
    ['is not resent if the destination says that it has the version', 1, ['PUT', 'GET']],
    ['is resent if the destination says that it does not have the version', 0, ['PUT', 'GET', 'PUT']],
  ])('%s in mode lookup', async (_what, version, methods) => {
    sync = await setUp({ idempotency: lookup });
    sync.partner.behave(({ method }) => {
      if (method === 'GET') return status(200, {}, JSON.stringify({ version }));
      return sync.partner.requests.length === 1 ? status(500) : undefined;
    });
    await sync.startWorker();
    await sync.apply([created('A')]);
    await sync.bringForward((await sync.job('A', 1)).id);
    await sync.ended('A', 1, 'done');
    expect(sync.partner.requests.map(({ method }) => method)).toEqual(methods);
    expect(await sync.lane('A')).toMatchObject({ acked_version: 1 });
  });

  const says = (version: number) => status(200, {}, JSON.stringify({ version }));
  it.each([
    ['done if it has the version', says(1), { outcome: 'done', error_code: null, blocked: false }],
    ['a dead letter if it has not', says(0), { outcome: 'dead', error_code: 'destination-timeout', blocked: false }],
    ['unknown if it does not say', status(500), { outcome: 'unknown', error_code: 'destination-timeout', blocked: true }],
  ])(
    'in mode lookup is looked up once more after the last attempt, and becomes %s',
    async (_what, lastWord, { blocked, ...end }) => {
      sync = await setUp({ idempotency: lookup });
      const sent = () => sync.partner.requests.filter(({ method }) => method === 'PUT').length;
      sync.partner.behave(({ method }) => {
        if (method === 'PUT') return reset;
        return sent() < 5 ? says(0) : lastWord;
      });
      await sync.startWorker();
      await sync.apply([created('A')]);
      const { id } = await sync.job('A', 1);
      await sync.bringToLastAttempt(id);
      expect(await sync.ended('A', 1, end.outcome)).toMatchObject({ ...end, attempts_used: 5 });
      const round = ['GET', 'PUT'];
      expect(sync.partner.requests.map(({ method }) => method)).toEqual(['PUT', ...round, ...round, ...round, ...round, 'GET']);
      expect((await sync.lane('A')).blocked_by).toBe(blocked ? id : null);
    },
  );

  it('becomes unknown in mode none: it is never resent, and the lane stays blocked', async () => {
    sync = await setUp({ idempotency: { mode: 'none' } });
    sync.partner.behave(inTurn('A', status(500)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    expect(await sync.ended('A', 1, 'unknown')).toMatchObject({ attempts_used: 1, error_code: 'destination-outcome-unknown' });
    await sync.apply([moved('A', 'confirmed'), created('B')]);
    await sync.ended('B', 1, 'done');
    expect(await sync.job('A', 2)).toMatchObject({ state: 'blocked' });
    expect(await sync.lane('A')).toMatchObject({ blocked_by: (await sync.job('A', 1)).id });
    expect(versionsOf('A')).toEqual([1]);
  });

  it('is retried in mode none if the destination cannot have processed it', async () => {
    sync = await setUp({ idempotency: { mode: 'none' } });
    sync.partner.behave(inTurn('A', status(408), status(204)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    await sync.bringForward((await sync.job('A', 1)).id);
    expect(await sync.ended('A', 1, 'done')).toMatchObject({ attempts_used: 2 });
  });
});
