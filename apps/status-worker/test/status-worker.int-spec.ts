import { eventually } from '@orderly/testing';
import { created, moved, updated } from '@orderly/worker-process/testing';
import { setUp, type StatusSetup } from './status-setup';

type PlannedJob = {
  readonly queue: string;
  readonly version: number;
  readonly priority: number;
  readonly state: string;
  readonly traceparent: string;
};

let status: StatusSetup;
beforeEach(async () => {
  status = await setUp();
});
afterEach(() => status.close());

describe('an event', () => {
  it('moves its order, and plans one job per interested destination and one message if the change notifies', async () => {
    await status.startWorker();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const ids = await status.accept(
      [created('A'), moved('A', 'confirmed'), updated('A', { totalMinor: 5 }), moved('A', 'shipped')],
      {
        traceparent,
      },
    );
    for (const [index, id] of ids.entries()) expect(await status.ended(id, 'done')).toMatchObject({ result_version: index + 1 });
    expect(await status.order('A')).toMatchObject({ status: 'shipped', version: 4 });

    const jobs = await status.db.query<PlannedJob>(
      `select queue, destination, version, priority, state, traceparent from jobs
       where order_id = 'A' and name <> 'apply-order-event' order by queue, version`,
    );
    const [erp, wms, messages] = ['order-sync.erp', 'order-sync.wms', 'notifications'].map((queue) =>
      jobs.filter((job) => job.queue === queue),
    );
    expect(erp!.map(({ version, state }) => [version, state])).toEqual([
      [1, 'runnable'],
      [2, 'blocked'],
      [3, 'blocked'],
      [4, 'blocked'],
    ]);
    expect(wms!.map(({ version, state }) => [version, state])).toEqual([
      [2, 'runnable'],
      [4, 'blocked'],
    ]);
    expect(messages!.map(({ version, priority, state }) => [version, priority, state])).toEqual([
      [1, 2, 'runnable'],
      [4, 2, 'runnable'],
    ]);
    expect(jobs.map((job) => job.traceparent)).toEqual(
      jobs.map((): unknown => expect.stringContaining(traceparent.slice(3, 35))),
    );
    await eventually(async () => {
      const waiting = await Promise.all(
        ['order-sync.erp', 'order-sync.wms', 'notifications'].map((name) => status.queue(name).getPrioritizedCount()),
      );
      expect(waiting).toEqual([1, 1, 2]);
    });
    expect(await status.db.query('select kind, channel, recipient, state from messages order by version')).toEqual([
      { kind: 'created', channel: 'email', recipient: 'A@example.com', state: 'queued' },
      { kind: 'shipped', channel: 'email', recipient: 'A@example.com', state: 'queued' },
    ]);
  });

  it('notifies nobody with notify: false, and is still synchronised', async () => {
    await status.startWorker();
    const [id] = await status.accept([created('A', {}, { notify: false })]);
    await status.ended(id!, 'done');
    expect(await status.jobs('A')).toMatchObject([{ name: 'sync-order', destination: 'erp', version: 1 }]);
    expect(await status.db.query('select from messages')).toEqual([]);
  });

  it('is recorded with its outcome and plans nothing if it changes nothing', async () => {
    await status.startWorker();
    const ids = await status.accept([created('A'), moved('A', 'shipped'), moved('A', 'confirmed')]);
    await status.ended(ids[0]!, 'done');
    const [confirmed, again, late] = await status.accept([
      moved('A', 'confirmed'),
      moved('A', 'shipped'),
      moved('A', 'processing'),
    ]);
    await status.ended(ids[2]!, 'done');
    await status.ended(ids[1]!, 'done');
    // A second `confirmed` arrived after `shipped` had been applied.
    await status.ended(confirmed!, 'superseded');
    await status.ended(again!, 'duplicate');
    await status.ended(late!, 'superseded');
    expect(await status.order('A')).toMatchObject({ status: 'shipped', version: 3 });
  });

  it('becomes a dead letter that names the allowed statuses if the order can never take it', async () => {
    await status.startWorker();
    const ids = await status.accept([created('A'), moved('A', 'cancelled'), moved('A', 'delivered')]);
    expect(await status.ended(ids[2]!, 'dead')).toMatchObject({
      error_code: 'transition-not-allowed',
      fingerprint: 'transition-not-allowed:apply-order-event',
      detail: { current: 'cancelled', allowed: ['refunded'] },
    });
    expect(await status.order('A')).toMatchObject({ status: 'cancelled', version: 2 });
  });

  it('overtakes the waiting others if it is an order.created', async () => {
    const orderIds = Array.from({ length: 10 }, (_, index) => `old-${index}`);
    const first = await status.startWorker();
    const known = await status.accept(orderIds.map((orderId) => created(orderId)));
    for (const id of known) await status.ended(id, 'done');
    await status.stop(first);

    const waiting = await status.accept(orderIds.map((orderId) => moved(orderId, 'confirmed')));
    const [fresh] = await status.accept([created('fresh')]);
    await status.startWorker({ concurrency: 1 });
    for (const id of waiting) await status.ended(id, 'done');
    const [earliest] = await status.db.query(
      'select job_id from attempts where job_id = any($1) order by started_at, job_id limit 1',
      [[...waiting, fresh]],
    );
    expect(earliest).toEqual({ job_id: fresh });
  });
});

it('a job without its event becomes a dead letter on delivery, and delays no other event', async () => {
  const [gone, parked, other] = await status.accept([created('A'), moved('B', 'shipped'), created('C')]);
  await status.db.query('delete from events where event_id = any($1)', [[gone, parked]]);
  await status.db.query(`update jobs set state = 'parked' where id = $1`, [parked]);
  await status.startWorker();
  for (const id of [gone!, parked!]) {
    expect(await status.ended(id, 'dead')).toMatchObject({
      error_code: 'event-missing',
      fingerprint: 'event-missing:apply-order-event',
      attempts_used: 1,
    });
  }
  await status.ended(other!, 'done');
  expect(await status.db.query(`select order_id, code, actor from audit where action = 'event.rejected' order by 1`)).toEqual([
    { order_id: 'A', code: 'event-missing', actor: 'orderly' },
    { order_id: 'B', code: 'event-missing', actor: 'orderly' },
  ]);
});
