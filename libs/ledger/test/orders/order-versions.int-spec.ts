import type { OrderEvent } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { acceptAll, createLedgerDatabase, loadVersion, statusEvent, type LedgerDatabase } from '../../src/testing';
import { startApplier } from './applying';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const load = ({ orderId, version }: { orderId: string; version: number }) => loadVersion(db, orderId, version);
const patch = (orderId: string, hour: number, data: object): Partial<OrderEvent> => ({
  ...statusEvent(orderId, 'pending', hour),
  type: 'order.updated',
  data,
});

describe('a version of an order', () => {
  it('has the same bytes before and after later changes, so all tries of one key send the same', async () => {
    const orderId = 'kept';
    const { apply } = await startApplier(db);
    const bytes = (versions: number[]) =>
      Promise.all(versions.map(async (version) => JSON.stringify(await load({ orderId, version }))));
    const apply1 = async (...events: Partial<OrderEvent>[]): Promise<void> => {
      const [jobId] = await acceptAll(db, events);
      await apply({ jobId: jobId! });
    };
    await apply1(statusEvent(orderId, 'pending', 0), statusEvent(orderId, 'confirmed', 1), patch(orderId, 2, { totalMinor: 1 }));
    const before = await bytes([1, 2, 3]);
    await apply1(
      patch(orderId, 3, { totalMinor: 2, customer: { id: 'c-2' }, currency: null }),
      statusEvent(orderId, 'cancelled', 4),
      patch(orderId, 5, { metadata: { late: true } }),
    );
    expect(await bytes([1, 2, 3])).toEqual(before);
    expect((await bytes([4, 5, 6])).every((text) => !before.includes(text))).toBe(true);
  });

  it('contains the order at that version, and its change', async () => {
    const orderId = 'told';
    const { apply } = await startApplier(db);
    const ids = await acceptAll(db, [
      statusEvent(orderId, 'pending', 0),
      patch(orderId, 1, { totalMinor: 7 }),
      { ...statusEvent(orderId, 'pending', 2), type: 'order.cancelled', data: { reason: 'out of stock' } },
    ]);
    await apply({ jobId: ids[0]! });
    const all = await Promise.all([1, 2, 3, 4].map((version) => load({ orderId, version })));
    expect(all[0]).toMatchObject({ status: 'pending', previousStatus: null, change: { from: null, to: 'pending' } });
    expect(all[0]!.data.totalMinor).toBeUndefined();
    expect(all[1]).toMatchObject({ status: 'pending', previousStatus: 'pending', data: { totalMinor: 7 } });
    expect(all[2]).toMatchObject({
      status: 'cancelled',
      previousStatus: 'pending',
      change: { from: 'pending', to: 'cancelled', at: '2026-01-01T02:00:00.000Z', reason: 'out of stock' },
      data: { totalMinor: 7 },
    });
    expect(all[3]).toBeUndefined();
    expect(await load({ orderId: 'nobody', version: 1 })).toBeUndefined();
  });
});
