import type { OrderEvent } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { type AcceptedEvent, acceptEvents, createIntake, recordAudit } from '../src/index';
import { acceptAll, buildAccepted, createLedgerDatabase, testActor, statusEvent, type LedgerDatabase } from '../src/testing';
import { outcomesOf, startApplier } from './orders/applying';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

describe('recordAudit', () => {
  it('stores every field of an entry, and null for a missing one', async () => {
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

  it('stores nothing if the transaction is rolled back', async () => {
    const work = db.transaction(async (query) => {
      await recordAudit({ query }, [{ action: 'queue.resumed', actor: testActor, subject: 'rolled-back' }]);
      throw new Error('rolled back');
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await db.query(`select from audit where subject = 'rolled-back'`)).toEqual([]);
  });
});

const traceId = '0af7651916cd43dd8448eb211c80319c';
const apiKeyId = '019b0000-0000-7000-8000-000000000001';
const actor = { name: 'shop key', apiKeyId, onBehalfOf: 'Mia' };

const accepted = (change: Partial<OrderEvent>, rest: Partial<AcceptedEvent> = {}): AcceptedEvent =>
  buildAccepted(change, { traceparent: `00-${traceId}-b7ad6b7169203331-01`, actor, ...rest });

type Row = Record<string, unknown>;

/** The entries of an order, the oldest first. */
const entriesOf = (orderId: string): Promise<Row[]> =>
  db.query<Row>('select * from audit where order_id = $1 order by id', [orderId]);

describe('the audit trail of an order', () => {
  it('has one entry per event with two processes, and none of a failed transaction', async () => {
    const orders = Array.from({ length: 40 }, (_, index) => `two-${index}`);
    const events = orders.flatMap((orderId) => [statusEvent(orderId, 'pending', 0), statusEvent(orderId, 'confirmed', 1)]);
    const ids = await acceptAll(db, events);
    const appliers = await Promise.all([startApplier(db), startApplier(ledger.connect())]);
    await Promise.all(appliers.flatMap(({ apply }) => ids.map((jobId) => apply({ jobId }))));
    expect(await outcomesOf(db, 'two-0')).toEqual(['done', 'done']);
    const rows = await db.query<{ event_id: string }>(`select event_id, action from audit where order_id like 'two-%'`);
    expect(rows).toHaveLength(80);
    expect(new Set(rows.map(({ event_id }) => event_id))).toEqual(new Set(ids));
  });
});

describe('a repeated event', () => {
  const repetition = (orderId: string, id: string) => accepted({ id, orderId });

  it('is recorded with its own sender, and refers to the first event', async () => {
    const first = repetition('again', 'e-1');
    const [{ eventId } = { eventId: '' }] = await acceptEvents(db, [first]);
    const again = { ...first, actor: { name: 'other key', apiKeyId: null, onBehalfOf: null } };
    const results = await acceptEvents(db, [
      again,
      accepted({ id: 'e-1', orderId: 'again', notify: false }),
      accepted({ orderId: 'again' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['duplicate', 'reused', 'accepted']);
    const common = { event_id: eventId, source: 'shop', trace_id: traceId, detail: { id: 'e-1' }, version: null };
    expect((await entriesOf('again')).toSorted((a, b) => String(a['action']).localeCompare(String(b['action'])))).toEqual([
      expect.objectContaining({ ...common, action: 'event.duplicate', actor: 'other key', code: null, reason: null }),
      expect.objectContaining({
        ...common,
        action: 'event.rejected',
        actor: 'shop key',
        api_key_id: apiKeyId,
        code: 'event-id-reused',
      }),
    ]);
  });

  it('is recorded each time, even within a batch, while a new event is not recorded', async () => {
    const twin = repetition('twin', 'e-2');
    await acceptEvents(db, [twin, twin, twin]);
    await acceptEvents(db, [twin]);
    expect((await entriesOf('twin')).map(({ action }) => action)).toEqual([
      'event.duplicate',
      'event.duplicate',
      'event.duplicate',
    ]);
  });

  it.each([1, 3])('is not recorded if the intake itself repeats a committed statement with %i events', async (count) => {
    const failing = { ...db };
    const intake = createIntake(failing);
    const take = async (events: readonly AcceptedEvent[]) => {
      const result = await intake.take({ events, answer: () => ({ status: 202, headers: {}, body: '' }) });
      return result.status === 'done' ? result.value : [];
    };
    const orderId = `unsure-${count}`;
    const events = Array.from({ length: count }, (_, index) => repetition(orderId, `${orderId}-${index}`));
    failing.query = failingOnce(db.query, 'insert into event_keys');
    const results = await take(events);
    expect(results.map(({ status }) => status)).toEqual(events.map(() => 'accepted'));
    expect(await db.query('select event_id from events where order_id = $1 order by acceptance', [orderId])).toEqual(
      results.map(({ eventId }) => ({ event_id: eventId })),
    );
    expect(await entriesOf(orderId)).toEqual([]);

    failing.query = failingOnce(db.query, 'insert into audit');
    expect((await take(events)).map(({ status }) => status)).toEqual(events.map(() => 'duplicate'));
    expect(await entriesOf(orderId)).toHaveLength(count);
  });
});

/** Runs all statements. After the first one with the text it reports a deadlock, although the statement has taken effect. */
function failingOnce(query: Database['query'], text: string): Database['query'] {
  let wanted: string | undefined = text;
  return async (statement, values) => {
    const rows = await query(statement, values);
    if (wanted === undefined || !statement.includes(wanted)) return rows as never;
    wanted = undefined;
    throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
  };
}
