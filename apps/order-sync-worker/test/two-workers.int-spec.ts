import { eventually } from '@orderly/testing';
import { created, moved, updated } from '@orderly/worker-process/testing';
import { status, type PartnerRequest } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

let sync: SyncSetup;
afterEach(() => sync.close());

const orderIds = Array.from({ length: 25 }, (_, index) => `order-${index}`);
const steps = [
  (orderId: string) => created(orderId),
  (orderId: string) => moved(orderId, 'confirmed'),
  (orderId: string) => updated(orderId, { totalMinor: 700 }),
  (orderId: string) => moved(orderId, 'shipped'),
  (orderId: string) => updated(orderId, { totalMinor: 900 }),
  (orderId: string) => moved(orderId, 'delivered'),
];

it('two workers send no version twice and none backwards, and one version of an order at a time', async () => {
  sync = await setUp({ name: 'erp' }, { name: 'wms', mode: 'every-event' });
  const underWay = new Set<string>();
  const overlapping: PartnerRequest[] = [];
  sync.partner.behave((request) => {
    const lane = `${request.destination} ${request.orderId}`;
    if (underWay.has(lane)) overlapping.push(request);
    underWay.add(lane);
    return (response) => {
      // Answers take different times, so that the workers keep overtaking each other.
      setTimeout(() => {
        underWay.delete(lane);
        status(204)(response);
      }, request.version * 3);
    };
  });
  await sync.startWorker();
  await sync.startWorker();
  for (const step of steps) await sync.apply(orderIds.map(step));

  await eventually(async () => {
    const open = await sync.db.query(`select from jobs where destination is not null and state <> 'ended'`);
    expect(open).toHaveLength(0);
  });
  expect(overlapping).toEqual([]);
  for (const orderId of orderIds) {
    const [erp, wms] = ['erp', 'wms'].map((destination) =>
      sync.partner.about(orderId).flatMap((request) => (request.destination === destination ? [request.version] : [])),
    );
    expect(wms).toEqual([1, 2, 3, 4, 5, 6]);
    expect(erp).toEqual([...new Set(erp)].toSorted((a, b) => a - b));
    expect(erp!.at(-1)).toBe(6);
  }
  const outcomes = await sync.db.query(
    `select destination, outcome, count(*)::int from jobs where destination is not null and outcome <> 'superseded' group by 1, 2`,
  );
  const sentToErp = sync.partner.requests.filter(({ destination }) => destination === 'erp').length;
  expect(outcomes).toEqual(
    expect.arrayContaining([
      { destination: 'erp', outcome: 'done', count: sentToErp },
      { destination: 'wms', outcome: 'done', count: orderIds.length * steps.length },
    ]),
  );
});
