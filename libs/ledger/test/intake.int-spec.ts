import { type OrderEvent } from '@orderly/contracts';
import { eventually } from '@orderly/testing';
import { buildAccepted, createLedgerDatabase, type LedgerDatabase } from '../src/testing';
import type { Database } from '@orderly/database';
import { type AcceptedEvent, acceptEvents, createIntake, type Intake, type IntakeRequest, type IntakeResult } from '../src/index';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.connect(10);
});
afterAll(() => ledger.close());

const accepted = (id: string, change: Partial<OrderEvent> = {}, rest: Partial<AcceptedEvent> = {}): AcceptedEvent =>
  buildAccepted({ id, orderId: `order-${id}`, data: { customer: { id: 'c' } }, ...change } as Partial<OrderEvent>, rest);

describe('acceptEvents', () => {
  it('stores an event and a runnable job with the same id', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [result] = await acceptEvents(db, [accepted('one', { notify: false }, { batch: 'b', traceparent, tracestate: 'a=b' })]);
    expect(result).toMatchObject({ status: 'accepted', job: { name: 'apply-order-event', queue: 'order-status', priority: 2 } });
    const [event] = await db.query('select * from events where event_id = $1', [result!.eventId]);
    expect(event).toMatchObject({ source: 'shop', id: 'one', notify: false, batch: 'b', traceparent, tracestate: 'a=b' });
    expect(event!.data).toEqual({ customer: { id: 'c' } });
    const [job] = await db.query('select * from jobs where id = $1', [result!.eventId]);
    expect(job).toMatchObject({ state: 'runnable', wait_reason: null, order_id: 'order-one', batch: 'b', traceparent });
    expect(job!.payload).toEqual({ orderId: 'order-one' });
  });

  it('gives order.created a higher priority than other events', async () => {
    const results = await acceptEvents(db, [
      accepted('low', { type: 'order.status_changed', data: { status: 'shipped' } }),
      accepted('high'),
    ]);
    expect(results.map((result) => result.status === 'accepted' && result.job.priority)).toEqual([3, 2]);
  });

  it('numbers the events of a batch in the given order, whatever their ids', async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `row-${(index * 7919) % 1000}`);
    const results = await acceptEvents(
      db,
      ids.map((id) => accepted(id)),
    );
    const rows = await db.query<{ id: string }>('select id from events where event_id = any($1) order by acceptance', [
      results.map(({ eventId }) => eventId),
    ]);
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  it('distinguishes a repeated event from another one with the same id, and stores neither', async () => {
    const [first] = await acceptEvents(db, [accepted('again')]);
    const again = await acceptEvents(db, [accepted('again'), accepted('again', { orderId: 'other' }), accepted('new')]);
    expect(again.map(({ status }) => status)).toEqual(['duplicate', 'reused', 'accepted']);
    expect(again[0]!.eventId).toBe(first!.eventId);
    expect(await db.query('select 1 from events where id = $1', ['again'])).toHaveLength(1);
    expect(await db.query('select 1 from jobs where order_id = $1', ['other'])).toHaveLength(0);
  });

  it('accepts the first of two equal events of one batch', async () => {
    const results = await acceptEvents(db, [accepted('twin'), accepted('twin'), accepted('twin', { orderId: 'other' })]);
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'duplicate', 'reused']);
    expect(new Set(results.map(({ eventId }) => eventId)).size).toBe(1);
  });

  it('stores text and numbers exactly as sent', async () => {
    const data = { customer: { id: `"\\{},'NULL` }, metadata: { 'ключ "x"': ['\\', '{', '漢字', 1.5e-7, null, true] } };
    await acceptEvents(db, [accepted('NULL', { source: '{"a,b\\"}', data })]);
    const [row] = await db.query<{ data: unknown }>('select data from events where source = $1 and id = $2', [
      '{"a,b\\"}',
      'NULL',
    ]);
    expect(row!.data).toEqual(data);
  });
});

/** The results of the events of a request. */
const taken = async (intake: Intake, events: readonly AcceptedEvent[]): Promise<readonly IntakeResult[]> => {
  const result = await intake.take({ events, answer: () => ({ status: 202, headers: {}, body: '' }) });
  if (result.status !== 'done') throw new Error(`the request was ${result.status}`);
  return result.value;
};

describe('the intake', () => {
  it('accepts one of 200 equal events that arrive at the same time', async () => {
    const intakes = [createIntake(db), createIntake(db), createIntake(db)];
    const results = await Promise.all(Array.from({ length: 200 }, (_, index) => taken(intakes[index % 3]!, [accepted('crowd')])));
    expect(results.flat().filter(({ status }) => status === 'accepted')).toHaveLength(1);
    expect(results.flat().filter(({ status }) => status === 'duplicate')).toHaveLength(199);
    expect(new Set(results.flat().map(({ eventId }) => eventId)).size).toBe(1);
    expect(await db.query('select 1 from events where id = $1', ['crowd'])).toHaveLength(1);
  });

  it('accepts each event once if overlapping batches arrive at the same time in different orders', async () => {
    const events = Array.from({ length: 300 }, (_, index) => accepted(`overlap-${index}`));
    const intakes = [createIntake(db), createIntake(db)];
    const rotated = Array.from({ length: 8 }, (_, turn) => [...events.slice(turn * 37), ...events.slice(0, turn * 37)]);
    const results = await Promise.all(rotated.map((batch, index) => taken(intakes[index % 2]!, turn(batch, index))));
    expect(results.flat().filter(({ status }) => status === 'accepted')).toHaveLength(300);
    expect(await db.query(`select 1 from events where id like 'overlap-%'`)).toHaveLength(300);
  });

  it('refuses only the event that the database refuses', async () => {
    const sizes: number[] = [];
    const intake = createIntake(db, { onBatch: (size) => sizes.push(size) });
    const events = Array.from({ length: 20 }, (_, index) =>
      accepted(index === 13 ? 'bad\0' : `good-${index}`, { orderId: 'order-1' }),
    );
    const results = await Promise.allSettled(events.map((event) => taken(intake, [event])));
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([13]);
    expect(sizes[0]).toBe(20);
  });
});

describe('an intake whose statements wait for PostgreSQL', () => {
  it('stores what it accepted, and nothing that it refused or dropped before its turn', async () => {
    const intake = createIntake(db, { maxWaiting: 3 });
    const release = await holdEventKeys();
    const sent = await inFlight(intake, 'sent');
    const gone = new AbortController();
    const waiting = [0, 1, 2].map((index) =>
      outcome(intake.take({ ...request(`waiting-${index}`), isWanted: () => index !== 1 || !gone.signal.aborted })),
    );
    expect(await outcome(intake.take(request('refused')))).toBe('overloaded');
    expect(intake.longestWaitMs()).toBeGreaterThan(0);
    gone.abort();
    await release();
    expect(await Promise.all(sent)).toEqual(['done', 'done']);
    expect(await Promise.all(waiting)).toEqual(['done', 'overloaded', 'done']);
    expect(intake.longestWaitMs()).toBe(0);
    expect(await outcome(intake.take(request('after')))).toBe('done');
    expect(await idsLike('(sent|waiting|refused|after)%')).toEqual(['after', 'sent-0', 'sent-1', 'waiting-0', 'waiting-2']);
  });

  it('drops a request that has waited for too long, whoever still waits for it', async () => {
    const intake = createIntake(db, { maxWaitMs: 50 });
    const release = await holdEventKeys();
    const sent = await inFlight(intake, 'prompt');
    const waiting = outcome(intake.take(request('stale')));
    await eventually(() => expect(intake.longestWaitMs()).toBeGreaterThan(50));
    await release();
    expect(await Promise.all(sent)).toEqual(['done', 'done']);
    expect(await waiting).toBe('overloaded');
    expect(await idsLike('(prompt|stale)%')).toEqual(['prompt-0', 'prompt-1']);
  });

  const request = (id: string): IntakeRequest => ({
    events: [accepted(id)],
    answer: () => ({ status: 202, headers: {}, body: '' }),
  });

  const outcome = (result: ReturnType<Intake['take']>): Promise<string> =>
    result.then(
      ({ status }) => status,
      (error: unknown) => (error as { code: string }).code,
    );

  const idsLike = async (pattern: string): Promise<string[]> =>
    (await db.query<{ id: string }>('select id from event_keys where id similar to $1 order by id', [pattern])).map(
      ({ id }) => id,
    );

  /** Fills all statements that an intake runs at once; each waits for the lock of {@link holdEventKeys}. */
  async function inFlight(intake: Intake, name: string): Promise<Promise<string>[]> {
    const sent: Promise<string>[] = [];
    for (const index of [0, 1]) {
      sent.push(outcome(intake.take(request(`${name}-${index}`))));
      await eventually(async () =>
        expect(
          await db.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`),
        ).toHaveLength(index + 1),
      );
    }
    return sent;
  }

  /** Blocks the intake of all events until it is released. */
  async function holdEventKeys(): Promise<() => Promise<void>> {
    const holder = await db.pool.connect();
    await holder.query('begin; lock table event_keys in exclusive mode');
    return async () => {
      await holder.query('rollback');
      holder.release();
    };
  }
});

const turn = <Item>(items: readonly Item[], index: number): readonly Item[] => (index % 2 === 0 ? items : items.toReversed());
