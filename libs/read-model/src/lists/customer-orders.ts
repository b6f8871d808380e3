import { sql, type SQL } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { orders } from '../schema';
import { run, type Walk } from './page';
import { walkDown } from './walk';

/**
 * Lists of events, jobs and messages by customer cover this many of the customer's newest orders. All rows of these orders are
 * read and sorted, so the number bounds the cost of a page.
 */
export const maxCustomerOrders = 500;

/** The ids of the orders that match a filter by order, by customer or by both. Undefined if the filter names neither. */
export async function ordersOf(
  db: Pick<Database, 'query'>,
  { orderId, customerId }: { readonly orderId?: string; readonly customerId?: string },
): Promise<string[] | undefined> {
  if (customerId === undefined) return orderId === undefined ? undefined : [orderId];
  const found =
    orderId === undefined
      ? sql`(${walkCustomer(customerId).rows(maxCustomerOrders)}) as ${orders}`
      : sql`${orders} where ${orders.orderId} = ${orderId} and ${customerIdOfOrder} = ${customerId}`;
  const rows = await run<{ orderId: string }>(db, sql`select ${orders.orderId} as "orderId" from ${found}`);
  return rows.map((row) => row.orderId);
}

/** The first column of the index `orders_by_customer`. The expression must stay the same as in the index, or it is not used. */
export const customerIdOfOrder: SQL = sql`(${orders.data} -> 'customer' ->> 'id')`;

/**
 * The orders of a customer, the newest first. Placeholders are left out, as the index has none.
 *
 * @param from - the lowest key that is included, `-infinity` for no limit
 * @param before - the key that ends the range, exclusive
 */
export const walkCustomer = (
  customerId: string,
  from: readonly [createdAt: unknown, orderId: string] = ['-infinity', ''],
  before: readonly [createdAt: unknown, orderId: string] = ['infinity', ''],
): Walk =>
  walkDown(
    orders,
    {
      equal: [[customerIdOfOrder, customerId]],
      key: [orders.createdAt, orders.orderId],
      from,
      before,
    },
    sql`${orders.status} is not null`,
  );
