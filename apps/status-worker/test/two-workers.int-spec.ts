import type { OrderEvent } from '@orderly/contracts';
import { eventually } from '@orderly/testing';
import { created, moved, updated } from '@orderly/worker-process/testing';
import { setUp, type StatusSetup } from './status-setup';

let status: StatusSetup;
beforeEach(async () => {
  status = await setUp();
});
afterEach(() => status.close());

const orderIds = Array.from({ length: 40 }, (_, index) => `order-${index}`);
const life = (orderId: string): OrderEvent[] => [
  created(orderId),
  moved(orderId, 'confirmed'),
  updated(orderId, { totalMinor: 700 }),
  moved(orderId, 'shipped'),
  moved(orderId, 'delivered'),
  moved(orderId, 'delivered'),
];

/** The same disorder in every run: the events of each order start at another position, and every second order is reversed. */
const disordered = (): OrderEvent[] => {
  const lives = orderIds.map((orderId, index) => {
    const events = life(orderId);
    const turned = [...events.slice(index % events.length), ...events.slice(0, index % events.length)];
    return index % 2 === 0 ? turned : turned.toReversed();
  });
  return [0, 1, 2, 3, 4, 5].flatMap((place) => lives.map((events) => events[place]!));
};

it('two workers give every event one outcome, every order versions without a gap, and every change its jobs once', async () => {
  await status.startWorker();
  await status.startWorker();
  const events = disordered();
  const batches = Array.from({ length: 8 }, (_, index) => events.slice(index * 30, (index + 1) * 30));
  for (const batch of batches) await status.accept(batch);

  await eventually(async () => {
    const open = await status.db.query(`select from jobs where name = 'apply-order-event' and state <> 'ended'`);
    expect(open).toHaveLength(0);
  });
  expect(
    await status.db.query(`select outcome, count(*)::int from jobs where name = 'apply-order-event' group by 1 order by 1`),
  ).toEqual([
    { outcome: 'done', count: orderIds.length * 5 },
    { outcome: 'duplicate', count: orderIds.length },
  ]);
  expect(await status.db.query('select status, version, count(*)::int from orders group by 1, 2')).toEqual([
    { status: 'delivered', version: 5, count: orderIds.length },
  ]);
  expect(await status.db.query('select version, count(*)::int from order_changes group by 1 order by 1')).toEqual(
    [1, 2, 3, 4, 5].map((version) => ({ version, count: orderIds.length })),
  );
  expect(
    await status.db.query(
      `select destination, count(*)::int, count(distinct (order_id, version))::int as versions
       from jobs where name = 'sync-order' group by 1 order by 1`,
    ),
  ).toEqual([
    { destination: 'erp', count: orderIds.length * 5, versions: orderIds.length * 5 },
    { destination: 'wms', count: orderIds.length * 3, versions: orderIds.length * 3 },
  ]);
  expect(await status.db.query('select kind, count(*)::int from messages group by 1 order by 1')).toEqual(
    ['created', 'delivered', 'shipped'].map((kind) => ({ kind, count: orderIds.length })),
  );
});
