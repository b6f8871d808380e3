import { type OrderEvent } from '@orderly/contracts';
import { createTestDatabase, type TestDatabase } from '@orderly/testing';
import { acceptAll, testActor } from '@orderly/ledger/testing';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createDatabase, type Database } from '@orderly/database';
import { acceptEvents } from '@orderly/ledger';
import { migrate } from '@orderly/migrations';
import { findEvent, findJob, findOrder, readStatistics } from '../src/index';

const folder = join(__dirname, '../../migrations/sql');
let server: TestDatabase;
let db: Database;

beforeAll(async () => {
  server = await createTestDatabase((url) => migrate(url, folder));
  db = createDatabase({ url: server.url, poolSize: 4, applicationName: 'test' });
});
afterAll(async () => {
  await db.close();
  await server.drop();
});

const accept = async (id: string, orderId: string, batch: string | null = null): Promise<string> => {
  const event = {
    id,
    source: 'shop',
    type: 'order.updated',
    orderId,
    occurredAt: '2026-01-01T00:00:00Z',
    data: {},
  } as OrderEvent;
  const [result] = await acceptEvents(db, [
    { event, bodyHash: Buffer.from(id), batch, traceparent: null, tracestate: null, actor: testActor },
  ]);
  return result!.eventId;
};
const end = (id: string, outcome: string, more = ''): Promise<unknown> =>
  db.query(`update jobs set state = 'ended', outcome = $2, ended_at = now() ${more} where id = $1`, [id, outcome]);

describe('findEvent', () => {
  it('shows an event as pending until its job has ended', async () => {
    const eventId = await accept('pending', 'o-1');
    expect(await findEvent(db, 'shop', 'pending')).toMatchObject({ eventId, orderId: 'o-1', outcome: { status: 'pending' } });
    expect(await findEvent(db, 'shop', 'nobody')).toBeUndefined();
  });

  it.each([
    ['done', 'applied'],
    ['duplicate', 'duplicate'],
    ['superseded', 'superseded'],
    ['discarded', 'discarded'],
  ])('shows a job that ended %s as %s', async (outcome, status) => {
    await end(await accept(`as-${status}`, 'o-2'), outcome, ', result_version = 7');
    expect((await findEvent(db, 'shop', `as-${status}`))!.outcome).toMatchObject({ status, version: 7 });
  });

  it('shows why an event was rejected', async () => {
    const more = `, error_code = 'transition-not-allowed', error_message = 'no', detail = '{"allowed":["refunded"]}'`;
    await end(await accept('rejected', 'o-3'), 'dead', more);
    expect((await findEvent(db, 'shop', 'rejected'))!.outcome).toMatchObject({
      status: 'rejected',
      code: 'transition-not-allowed',
      detail: { allowed: ['refunded'] },
    });
  });

  it('shows how long a parked event waits, and which steps are missing now', async () => {
    const parkedUntil = '2030-01-01T00:00:00Z';
    const [id] = await acceptAll(db, [
      { id: 'parked', orderId: 'o-4', type: 'order.status_changed', data: { status: 'delivered' } },
    ]);
    await db.query(`update jobs set state = 'parked', wait_reason = 'parked', run_at = $2 where id = $1`, [id, parkedUntil]);
    const outcome = async () => (await findEvent(db, 'shop', 'parked'))!.outcome;
    expect(await outcome()).toEqual({ status: 'parked', deadline: new Date(parkedUntil), waitsFor: ['order.created'] });
    await db.query(`insert into orders (order_id, status, version) values ('o-4', 'pending', 1)`);
    expect(await outcome()).toMatchObject({ waitsFor: ['confirmed', 'shipped'] });
    await db.query(`update orders set status = 'confirmed' where order_id = 'o-4'`);
    expect(await outcome()).toMatchObject({ waitsFor: ['shipped'] });
  });
});

describe('findOrder', () => {
  it('returns the lanes, and a status history without changes that kept the status', async () => {
    await db.query(`insert into orders (order_id, status, version, data) values ('o-5', 'shipped', 3, '{"totalMinor":5}')`);
    await db.query(
      `insert into order_changes (order_id, version, from_status, to_status, skipped, occurred_at, event_id) values
       ('o-5', 1, null, 'pending', '{}', now(), $1), ('o-5', 2, 'pending', 'pending', '{}', now(), $1),
       ('o-5', 3, 'pending', 'shipped', '{confirmed}', now(), $1)`,
      [randomUUID()],
    );
    await db.query(`insert into lanes (order_id, destination, acked_version) values ('o-5', 'wms', 2), ('o-5', 'erp', 3)`);
    expect(await findOrder(db, 'o-5')).toMatchObject({
      status: 'shipped',
      version: 3,
      data: { totalMinor: 5 },
      history: [
        { version: 1, from: null, to: 'pending', skipped: [] },
        { version: 3, from: 'pending', to: 'shipped', skipped: ['confirmed'] },
      ],
      lanes: [
        { destination: 'erp', ackedVersion: 3 },
        { destination: 'wms', ackedVersion: 2 },
      ],
    });
  });

  it('returns nothing for an order that is only a placeholder', async () => {
    await db.query(`insert into orders (order_id) values ('placeholder')`);
    expect(await findOrder(db, 'placeholder')).toBeUndefined();
  });
});

describe('findJob', () => {
  it('returns a job with its attempts, as runnable before its first try and as retrying after it', async () => {
    const id = await accept('job', 'o-6');
    expect(await findJob(db, id)).toMatchObject({ id, state: 'runnable', attempts: [] });
    await db.query(`update jobs set wait_reason = 'retry', attempts_used = 1 where id = $1`, [id]);
    await db.query(
      `insert into attempts (job_id, number, started_at, outcome, used_attempt, response_status)
       values ($1, 2, now(), 'dead', true, 422), ($1, 1, now(), 'retry', true, 500)`,
      [id],
    );
    const job = await findJob(db, id);
    expect(job).toMatchObject({
      state: 'retrying',
      attemptsUsed: 1,
      attempts: [{ number: 1 }, { number: 2, responseStatus: 422 }],
    });
    expect(await findJob(db, randomUUID())).toBeUndefined();
  });
});

describe('readStatistics', () => {
  it('counts the jobs, orders and messages of one batch only', async () => {
    await accept('s-0', 'o-7', 'other');
    const done = await accept('s-1', 'o-8', 'mine');
    await end(done, 'done');
    await accept('s-2', 'o-8', 'mine');
    const retrying = await accept('s-3', 'o-9', 'mine');
    await db.query(`update jobs set wait_reason = 'retry' where id = $1`, [retrying]);
    await db.query(`insert into orders (order_id, status, version) values ('o-8', 'pending', 1)`);
    await db.query(
      `insert into messages (id, order_id, version, kind, channel, state, batch) values ($1, 'o-8', 1, 'created', 'email', 'sent', 'mine')`,
      [randomUUID()],
    );
    expect(await readStatistics(db, { batch: 'mine' })).toEqual({
      events: { accepted: 3 },
      orders: { pending: 1, unknown: 1 },
      jobs: [
        { name: 'apply-order-event', destination: null, state: 'ended', outcome: 'done', count: 1 },
        { name: 'apply-order-event', destination: null, state: 'retrying', outcome: null, count: 1 },
        { name: 'apply-order-event', destination: null, state: 'runnable', outcome: null, count: 1 },
      ],
      messages: { sent: 1 },
    });
    expect(await readStatistics(db, { batch: 'nobody' })).toEqual({
      events: { accepted: 0 },
      orders: {},
      jobs: [],
      messages: {},
    });
  });

  it('counts the jobs created in a time span', async () => {
    const eventId = await accept('s-4', 'o-10');
    const madeAt = Number.parseInt(eventId.replace('-', '').slice(0, 12), 16);
    const count = async (from: number, to: number): Promise<number> =>
      (await readStatistics(db, { from: new Date(from), to: new Date(to) }))!.events.accepted;
    expect(await count(madeAt, madeAt + 1)).toBeGreaterThan(0);
    expect(await count(madeAt + 1, madeAt + 2)).toBe(0);
    expect(await count(madeAt - 86_400_000, madeAt - 86_399_999)).toBe(0);
  });

  it('refuses a time span with more jobs than it may count, and counts one at the limit', async () => {
    const ids = await Promise.all(['s-5', 's-6', 's-7'].map((id) => accept(id, 'o-11')));
    const times = ids.map((id) => Number.parseInt(id.replace('-', '').slice(0, 12), 16));
    const span = { from: new Date(Math.min(...times)), to: new Date(Math.max(...times) + 1) };
    expect(await readStatistics(db, span, 3)).toMatchObject({ events: { accepted: 3 } });
    expect(await readStatistics(db, span, 2)).toBeUndefined();
  });
});
