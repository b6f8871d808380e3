import { notifyingKinds, orderEventTypes, orderStatuses } from '@orderly/contracts';
import { jobOutcomes } from '@orderly/jobs';
import { messageStates } from '@orderly/messaging';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import {
  type EventFilter,
  type EventOutcome,
  type JobFilter,
  listEvents,
  listJobs,
  listMessages,
  listOrders,
  type MessageFilter,
  type OrderFilter,
  orderOfOrders,
  type Page,
  type PageRequest,
  shownJobStates,
} from '../src/index';
import { createLedgerDatabase, type LedgerDatabase } from '@orderly/ledger/testing';
import { buildFewRows, insertRows } from './few-rows';

const few = buildFewRows();
let ledger: LedgerDatabase;
beforeAll(async () => {
  ledger = await createLedgerDatabase();
  await insertRows(ledger.db, few);
});
afterAll(() => ledger.close());

/** Reads all ids of a list, page by page, and calls `between` after each page. */
async function pageThrough<Key>(
  read: (page: PageRequest<Key>) => Promise<Page<string, Key>>,
  sizes: Pick<PageRequest, 'limit' | 'maxWalked'>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  let after: Key | undefined;
  do {
    const page: Page<string, Key> = await read({ ...sizes, after });
    expect(page.rows.length).toBeLessThanOrEqual(sizes.limit);
    expect(page.next).not.toEqual(after ?? null);
    ids.push(...page.rows);
    after = page.next;
    await between();
  } while (after !== undefined);
  return ids;
}

const idsOf = <Row, Key>({ rows, next }: Page<Row, Key>, id: (row: Row) => string): Page<string, Key> => ({
  rows: rows.map(id),
  next,
});

// Some walks are cut after few rows. Their pages are short or empty, but no row may be lost.
const sizes = fc.record({ limit: fc.integer({ min: 1, max: 60 }), maxWalked: fc.constantFrom(3, 20, 2000) });
const some = <Value>(...values: readonly Value[]): fc.Arbitrary<Value | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: fc.constantFrom(...values) });
const moment = some(...[3, 9, 16].map((days) => new Date(Date.now() + (days - 14) * 86_400_000)));
const common = {
  orderId: some('o-1', 'o-7', 'o-11', 'o-nobody'),
  customerId: some('c-0', 'c-1', 'c-nobody'),
  batch: some('x', 'y'),
  from: moment,
  to: moment,
};
const newestFirst = (ids: readonly string[]): string[] => ids.toSorted().reverse();

const isOfCustomer = (orderId: string, customerId: string | undefined): boolean =>
  customerId === undefined ||
  few.orders.some((order) => order.order_id === orderId && order.customer === customerId && order.status !== null);
const timeOf = (id: string): number => parseInt(id.replace('-', '').slice(0, 12), 16);
const isIn = (time: number, { from, to }: { from?: Date; to?: Date }): boolean =>
  (from === undefined || time >= from.getTime()) && (to === undefined || time < to.getTime());
const isEqual = (row: object, expected: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(expected).every(([column, value]) => value === undefined || (row as Record<string, unknown>)[column] === value);

const shownState = ({ state, wait_reason }: (typeof few.jobs)[number]): string =>
  state === 'runnable' && wait_reason !== null ? 'retrying' : state;

describe('paging with any filter and any limit', () => {
  it('returns each matching job once, in order', async () => {
    const filters: fc.Arbitrary<JobFilter> = fc.record({
      ...common,
      name: some('sync-order', 'apply-order-event', 'send-notification', 'rotate-logs'),
      destination: some('erp', 'wms', 'nobody'),
      state: some(...shownJobStates),
      outcome: some(...jobOutcomes),
      fingerprint: some('job-failed:erp', 'job-expired:apply-order-event'),
      errorCode: some('job-failed'),
    });
    const expected = ({ orderId, customerId, state, errorCode, from, to, ...rest }: JobFilter): string[] =>
      few.jobs
        .filter((job) => isEqual(job, { ...rest, order_id: orderId, error_code: errorCode }))
        .filter((job) => state === undefined || shownState(job) === state)
        .filter((job) => isOfCustomer(job.order_id, customerId) && isIn(timeOf(job.id), { from, to }))
        .map(({ id }) => id);
    await fc.assert(
      fc.asyncProperty(filters, sizes, async (filter, size) => {
        const read = async (page: PageRequest) => idsOf(await listJobs(ledger.db, filter, page), ({ id }) => id);
        expect(await pageThrough(read, size)).toEqual(newestFirst(expected(filter)));
      }),
      { numRuns: 150 },
    );
  });

  it('returns each matching event once, in order', async () => {
    const statuses = ['pending', 'parked', 'applied', 'duplicate', 'superseded', 'rejected', 'skipped', 'discarded'] as const;
    const filters: fc.Arbitrary<EventFilter> = fc.record({
      ...common,
      type: some(...orderEventTypes),
      source: some('shop', 'till'),
      status: some(...statuses),
    });
    const jobOf = new Map(few.jobs.map((job) => [job.id, job]));
    const statusOf = (id: string): EventOutcome['status'] => {
      const { state, outcome } = jobOf.get(id)!;
      if (outcome === null) return state === 'parked' ? 'parked' : 'pending';
      return ({ done: 'applied', dead: 'rejected' } as const)[outcome] ?? (outcome as EventOutcome['status']);
    };
    const expected = ({ orderId, customerId, status, from, to, ...rest }: EventFilter): string[] =>
      few.events
        .filter((event) => isEqual(event, { ...rest, order_id: orderId }))
        .filter((event) => status === undefined || statusOf(event.event_id) === status)
        .filter((event) => isOfCustomer(event.order_id, customerId) && isIn(timeOf(event.event_id), { from, to }))
        .map((event) => event.event_id);
    await fc.assert(
      fc.asyncProperty(filters, sizes, async (filter, size) => {
        const read = async (page: PageRequest) => idsOf(await listEvents(ledger.db, filter, page), ({ eventId }) => eventId);
        expect(await pageThrough(read, size)).toEqual(newestFirst(expected(filter)));
      }),
      { numRuns: 100 },
    );
  });

  it('returns each matching message once, in order', async () => {
    const filters: fc.Arbitrary<MessageFilter> = fc.record({
      ...common,
      kind: some(...notifyingKinds),
      state: some(...messageStates),
      channel: some('email', 'sms'),
    });
    const expected = ({ orderId, customerId, from, to, ...rest }: MessageFilter): string[] =>
      few.messages
        .filter((message) => isEqual(message, { ...rest, order_id: orderId }))
        .filter((message) => isOfCustomer(message.order_id, customerId) && isIn(timeOf(message.id), { from, to }))
        .map(({ id }) => id);
    await fc.assert(
      fc.asyncProperty(filters, sizes, async (filter, size) => {
        const read = async (page: PageRequest) => idsOf(await listMessages(ledger.db, filter, page), ({ id }) => id);
        expect(await pageThrough(read, size)).toEqual(newestFirst(expected(filter)));
      }),
      { numRuns: 100 },
    );
  });

  it('returns each matching order once, in order, by time or by id', async () => {
    const filters: fc.Arbitrary<OrderFilter> = fc.record({
      ...{ customerId: common.customerId, batch: common.batch, from: common.from, to: common.to },
      status: some(...orderStatuses),
      lane: some(
        ...(['erp', 'wms', 'nobody'] as const).flatMap((destination) =>
          (['blocked', 'open'] as const).map((state) => ({ destination, state })),
        ),
      ),
    });
    const isInLane = (orderId: string, lane: OrderFilter['lane']): boolean =>
      lane === undefined ||
      few.lanes.some(
        ({ order_id, destination, head, blocked_by }) =>
          order_id === orderId &&
          destination === lane.destination &&
          (lane.state === 'blocked' ? blocked_by !== null : blocked_by === null && head !== null),
      );
    const isOfBatch = (orderId: string, batch: string | undefined): boolean =>
      batch === undefined || few.events.some((event) => isEqual(event, { batch, order_id: orderId }));
    const expected = ({ customerId, status, lane, batch, from, to }: OrderFilter): string[] => {
      const found = few.orders
        .filter((order) => order.status !== null && isEqual(order, { status, customer: customerId }))
        .filter(({ order_id }) => isInLane(order_id, lane) && isOfBatch(order_id, batch))
        .filter(({ created_at }) => isIn(Date.parse(created_at), { from, to }));
      const key = ({ order_id, created_at }: (typeof found)[number]): string => `${created_at} ${order_id}`;
      return orderOfOrders({ customerId, lane, batch }) === 'id'
        ? found.map(({ order_id }) => order_id).toSorted()
        : found.toSorted((a, b) => (key(a) < key(b) ? 1 : -1)).map(({ order_id }) => order_id);
    };
    await fc.assert(
      fc.asyncProperty(filters, sizes, async (filter, size) => {
        const read = async (page: PageRequest<never>) =>
          idsOf(await listOrders(ledger.db, filter, page), ({ orderId }) => orderId) as Page<string, never>;
        expect(await pageThrough(read, size)).toEqual(expected(filter));
      }),
      { numRuns: 150 },
    );
  });
});

it('rows that are added while a caller pages through a list shift nothing', async () => {
  const { db } = ledger;
  let added = 0;
  const addRows = (): Promise<unknown> => {
    added += 1;
    const order = { order_id: `o-3-${added}`, status: 'pending', customer: 'c-1', created_at: new Date().toISOString() };
    const job = { ...few.jobs[0]!, id: uuidv7({ msecs: Date.now() + 40 * 86_400_000 }), order_id: 'o-1' };
    return insertRows(db, { orders: [order], jobs: [job] });
  };
  const before = {
    jobs: few.jobs.map(({ id }) => id),
    orders: few.orders.filter(({ status }) => status !== null).map((order) => order.order_id),
  };
  const readJobs = async (page: PageRequest) => idsOf(await listJobs(db, {}, page), ({ id }) => id);
  expect(await pageThrough(readJobs, { limit: 30 }, addRows)).toEqual(newestFirst(before.jobs));

  const readOrders = async (page: PageRequest<never>) =>
    idsOf(await listOrders(db, {}, page), ({ orderId }) => orderId) as Page<string, never>;
  const orders = await pageThrough(readOrders, { limit: 7 }, addRows);
  expect(new Set(orders).size).toBe(orders.length);
  expect(orders).toEqual(expect.arrayContaining(before.orders));
  expect(added).toBeGreaterThan(20);
});
