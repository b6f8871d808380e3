import { sql, type SQL } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { orders } from '../schema';
import { run, type Walk } from './page';
import { walkDown } from './walk';

/** Of a customer with more orders than this, lists of events, jobs and messages show those of the newest orders. */
export const maxCustomerOrders = 500;

/** The orders that a filter by order, customer or both leaves; undefined without such a filter. */
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

/** What `orders_by_customer` begins with. */
export const customerIdOfOrder: SQL = sql`(${orders.data} -> 'customer' ->> 'id')`;

/** The orders of a customer, the newest first. */
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
