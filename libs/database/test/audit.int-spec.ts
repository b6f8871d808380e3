import { recordAudit, type Database } from '../src';
import { createLedgerDatabase, testActor, type LedgerDatabase } from '../src/testing';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

describe('recordAudit', () => {
  it('keeps every field of an entry, and null where there is none', async () => {
    const apiKeyId = '019b0000-0000-7000-8000-000000000001';
    const eventId = '019b0000-0000-7000-8000-000000000002';
    await recordAudit(db, [
      {
        action: 'order.status_refused',
        actor: { name: 'shop', apiKeyId, onBehalfOf: 'Mia "漢字"' },
        orderId: 'full',
        eventId,
        source: 'manual',
        fromStatus: 'shipped',
        toStatus: 'cancelled',
        version: 3,
        reason: 'lost',
        code: 'transition-not-allowed',
        subject: 's',
        traceId: 't',
        detail: { allowed: ['delivered'] },
      },
      { action: 'queue.paused', actor: testActor, subject: 'order-sync.erp' },
    ]);
    const [refused] = await db.query(`select * from audit where order_id = 'full'`);
    expect(refused).toEqual({
      id: expect.any(String),
      at: expect.any(Date),
      action: 'order.status_refused',
      order_id: 'full',
      event_id: eventId,
      source: 'manual',
      from_status: 'shipped',
      to_status: 'cancelled',
      version: 3,
      reason: 'lost',
      code: 'transition-not-allowed',
      subject: 's',
      actor: 'shop',
      api_key_id: apiKeyId,
      on_behalf_of: 'Mia "漢字"',
      trace_id: 't',
      detail: { allowed: ['delivered'] },
    });
    const [paused] = await db.query(`select * from audit where action = 'queue.paused'`);
    expect(paused).toMatchObject({ subject: 'order-sync.erp', actor: 'test', order_id: null, version: null, detail: null });
  });

  it('keeps nothing of a transaction that is rolled back', async () => {
    const work = db.transaction(async (query) => {
      await recordAudit({ query }, [{ action: 'queue.resumed', actor: testActor, subject: 'rolled-back' }]);
      throw new Error('rolled back');
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await db.query(`select from audit where subject = 'rolled-back'`)).toEqual([]);
  });
});
