import type { OrderSnapshot, OrderStatus } from '@orderly/contracts';
import type { OrderVersion } from '@orderly/jobs';

/** Columns of {@link orderVersionAt}; null where there is no such version. */
export const orderVersionColumns = 'o.from_status, o.to_status, o.occurred_at, o.change_reason, o.order_data';

/**
 * A lateral join, named `o`, of what an order looked like at a version. The data stand in the newest row up to it that has any.
 *
 * @param orderId a column of what stands before the join
 * @param version the same
 */
export const orderVersionAt = (orderId: string, version: string): string => `
  left join lateral (
    select v.from_status, v.to_status, v.occurred_at, v.reason as change_reason,
      (
        select b.data from order_changes b
        where b.order_id = v.order_id and b.version <= v.version and b.data is not null
        order by b.version desc
        limit 1
      ) as order_data
    from order_changes v
    where v.order_id = ${orderId} and v.version = ${version}
    -- Fenced off: found by its key, however few rows the planner believes in.
    offset 0
  ) o on true`;

export type OrderVersionRow = {
  from_status: OrderStatus | null;
  to_status: OrderStatus | null;
  occurred_at: Date | null;
  change_reason: string | null;
  order_data: OrderSnapshot | null;
};

/** Undefined if the row was joined to no version. */
export function orderVersionOf(orderId: string | null, version: number | null, row: OrderVersionRow): OrderVersion | undefined {
  const { from_status: from, to_status: to, occurred_at: at, change_reason: reason, order_data: data } = row;
  if (orderId === null || version === null || to === null || at === null || data === null) return undefined;
  const change = { from, to, at: at.toISOString(), ...(reason === null ? {} : { reason }) };
  return { orderId, version, status: to, previousStatus: from, change, data };
}
