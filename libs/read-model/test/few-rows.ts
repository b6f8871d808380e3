import { jobOutcomes } from '@orderly/jobs';
import { messageStates } from '@orderly/messaging';
import { notifyingKinds, orderEventTypes, orderStatuses } from '@orderly/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '@orderly/database';

type Row = Readonly<Record<string, unknown>>;

/** Some rows of each listed table, in all states, over several weeks. They are few enough for the test to filter them itself. */
export interface FewRows {
  readonly orders: readonly (Row & { order_id: string; status: string | null; customer: string; created_at: string })[];
  readonly events: readonly (Row & { event_id: string; order_id: string })[];
  readonly jobs: readonly (Row & {
    id: string;
    order_id: string;
    state: string;
    wait_reason: string | null;
    outcome: string | null;
  })[];
  readonly messages: readonly (Row & { id: string; order_id: string })[];
  readonly lanes: readonly (Row & { order_id: string; destination: string; head: string | null; blocked_by: string | null })[];
}

const pick = <Value>(values: readonly Value[], n: number): Value => values[n % values.length] as Value;

const minute = 60_000;
const begin = Date.now() - 20_000 * minute;

/** The n-th id. Ids are 71 minutes apart. */
const idAt = (n: number): string => uuidv7({ msecs: begin + n * 71 * minute });

export function buildFewRows(): FewRows {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  const orders = numbers(60).map((n) => ({
    order_id: `o-${(n * 37) % 60}`,
    status: n % 11 === 0 ? null : pick(orderStatuses, n * 3),
    customer: `c-${n % 4}`,
    // Some orders have the same time, and some are a microsecond apart.
    created_at: new Date(begin + Math.floor(n / 4) * 600 * minute).toISOString().replace('Z', n % 4 === 3 ? '001Z' : '000Z'),
  }));
  const orderOf = (n: number): string => pick(orders, n * 7).order_id;
  const events = numbers(240).map((n) => ({
    event_id: idAt(n),
    source: pick(['shop', 'shop', 'till'], n),
    id: `e-${n}`,
    type: pick(orderEventTypes, n * 5 + Math.floor(n / 9)),
    order_id: orderOf(n),
    occurred_at: new Date(begin).toISOString(),
    data: { status: 'shipped' },
    batch: pick([null, 'x', 'y', null, 'x'], Math.floor(n / 3)),
  }));
  const stateOf = (n: number): { state: string; wait_reason: string | null; outcome: string | null } => {
    const state = pick(['ended', 'runnable', 'ended', 'running', 'ended', 'runnable', 'blocked', 'ended', 'parked'], n);
    return {
      state,
      wait_reason: state === 'runnable' && n % 3 === 0 ? 'retry' : null,
      outcome: state === 'ended' ? pick(jobOutcomes, Math.floor(n / 2)) : null,
    };
  };
  const jobOf = (n: number, id: string, name: string, queue: string, destination: string | null) => {
    const state = stateOf(n);
    const isDead = state.outcome === 'dead';
    const code = pick(['job-failed', 'job-expired'], n);
    return {
      ...{ id, name, queue, destination, ...state, priority: 3, payload: {} },
      claim_token: state.state === 'running' ? id : null,
      error_code: isDead ? code : null,
      fingerprint: isDead ? `${code}:${destination ?? name}` : null,
    };
  };
  const jobs = [
    ...events.map((event, n) => ({
      ...jobOf(n, event.event_id, 'apply-order-event', 'order-status', null),
      ...{ order_id: event.order_id, batch: event.batch },
    })),
    ...numbers(200).map((n) => ({
      ...jobOf(n * 5, idAt(n * 1.3), 'sync-order', `order-sync.${pick(['erp', 'wms'], n)}`, pick(['erp', 'wms'], n)),
      ...{ order_id: orderOf(n * 3), batch: pick([null, 'x', 'y'], n) },
    })),
    ...numbers(60).map((n) => ({
      ...jobOf(n * 4, idAt(n * 3.1), 'send-notification', 'notifications', null),
      ...{ order_id: orderOf(n), batch: pick(['x', null], n) },
    })),
  ];
  const messages = numbers(150).map((n) => ({
    id: idAt(n * 1.7),
    order_id: orderOf(n * 11),
    version: 1,
    kind: pick(notifyingKinds, Math.floor(n / 2)),
    channel: pick(['email', 'email', 'sms'], n),
    state: pick(messageStates, n * 3),
    batch: pick([null, 'x', 'y', null], n * 5),
  }));
  const lanes = orders.flatMap(({ order_id }, n) =>
    ['erp', 'wms'].map((destination, place) => ({
      ...{ order_id, destination },
      head: (n + place) % 3 === 0 ? idAt(n) : null,
      blocked_by: (n + place) % 5 === 0 ? idAt(n) : null,
    })),
  );
  return { orders, events, jobs, messages, lanes };
}

export async function insertRows(db: Pick<Database, 'query'>, { orders, ...others }: Partial<FewRows>): Promise<void> {
  const withData = orders?.map(({ customer, ...order }) => ({ ...order, version: 1, data: { customer: { id: customer } } }));
  for (const [table, rows] of Object.entries({ orders: withData, ...others })) {
    if (rows === undefined) continue;
    const columns = Object.keys(rows[0] ?? {}).join(', ');
    await db.query(`insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1)`, [
      JSON.stringify(rows),
    ]);
  }
}
