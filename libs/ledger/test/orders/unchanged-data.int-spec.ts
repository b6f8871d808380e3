import type { OrderEvent } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { randomBytes } from 'node:crypto';
import { acceptAll, createLedgerDatabase, statusEvent, type LedgerDatabase } from '../../src/testing';
import { orderRow, startApplier } from './applying';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

/** Bytes that TOAST cannot compress. */
const largeBytes = 64_000;

it('a status change does not rewrite the data of its order, however large', async () => {
  const orderId = 'large';
  const { apply } = await startApplier(db);
  const note = randomBytes(largeBytes / 2).toString('hex');
  const data = { currency: 'EUR', customer: { id: 'c-1' }, metadata: { note } } as OrderEvent['data'];
  const [created = '', ...moves] = await acceptAll(db, [
    { ...statusEvent(orderId, 'pending', 0), data } as Partial<OrderEvent>,
    statusEvent(orderId, 'confirmed', 1),
  ]);
  expect(moves).toHaveLength(1);
  await apply({ jobId: created });
  // Each write of a large value gets a new id in the TOAST table.
  const chunks = async (): Promise<string> => {
    const [table] = await db.query<{ name: string }>(
      `select reltoastrelid::regclass::text as name from pg_class where relname = 'orders'`,
    );
    const rows = await db.query<{ id: string }>(`select distinct chunk_id::text as id from ${table!.name} order by 1`);
    return rows.map(({ id }) => id).join();
  };
  const before = await chunks();
  expect(before).not.toBe('');
  const [shipped = ''] = await acceptAll(db, [statusEvent(orderId, 'shipped', 2)]);
  await apply({ jobId: shipped });
  expect(await orderRow(db, orderId)).toMatchObject({ status: 'shipped', version: 3, data });
  expect(await chunks()).toBe(before);

  const [update = ''] = await acceptAll(db, [
    { ...statusEvent(orderId, 'pending', 3), type: 'order.updated', data: { totalMinor: 5 } },
  ]);
  await apply({ jobId: update });
  expect(await orderRow(db, orderId)).toMatchObject({ data: { ...data, totalMinor: 5 } });
});
