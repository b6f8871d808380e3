import type { OrderChange, OrderSnapshot, OrderStatus } from '@orderly/contracts';
import type { Database } from '@orderly/database';

/** What an order looked like at one version; the same for ever. */
export interface OrderVersion {
  readonly orderId: string;
  readonly version: number;
  readonly status: OrderStatus;
  readonly previousStatus: OrderStatus | null;
  readonly change: OrderChange;
  readonly data: OrderSnapshot;
}

export interface OrderVersionKey {
  readonly orderId: string;
  readonly version: number;
}

/** Loads many versions in one statement: one result per key, in their order; undefined where there is none. */
export async function loadOrderVersions(
  db: Pick<Database, 'query'>,
  keys: readonly OrderVersionKey[],
): Promise<(OrderVersion | undefined)[]> {
  const rows = await db.query<VersionRow>(
    `select k.place::int, c.order_id, c.version, c.from_status, c.to_status, c.occurred_at, c.reason, d.data
     from unnest($1::text[], $2::int[]) with ordinality as k(order_id, version, place)
     join order_changes c on c.order_id = any($1) and c.order_id = k.order_id and c.version = k.version
     cross join lateral (
       select b.data from order_changes b
       where b.order_id = k.order_id and b.version <= k.version and b.data is not null
       order by b.version desc
       limit 1
     ) d`,
    [keys.map(({ orderId }) => orderId), keys.map(({ version }) => version)],
  );
  const byPlace = new Map(rows.map((row) => [row.place, versionOf(row)]));
  return keys.map((_key, index) => byPlace.get(index + 1));
}

type VersionRow = {
  place: number;
  order_id: string;
  version: number;
  from_status: OrderStatus | null;
  to_status: OrderStatus;
  occurred_at: Date;
  reason: string | null;
  data: OrderSnapshot;
};

const versionOf = (row: VersionRow): OrderVersion => ({
  orderId: row.order_id,
  version: row.version,
  status: row.to_status,
  previousStatus: row.from_status,
  change: {
    from: row.from_status,
    to: row.to_status,
    at: row.occurred_at.toISOString(),
    ...(row.reason === null ? {} : { reason: row.reason }),
  },
  data: row.data,
});
