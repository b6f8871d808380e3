import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Database } from '@orderly/database';
import * as schema from './schema';

export type Orm = NodePgDatabase<typeof schema>;

const orms = new WeakMap<Database['pool'], Orm>();

/**
 * drizzle-orm over the connections of a {@link Database}, one instance per pool. It is a separate function so that workers,
 * which answer no queries of people, do not load drizzle: it would take half of a worker's memory.
 */
export function ormOf({ pool }: Pick<Database, 'pool'>): Orm {
  const orm = orms.get(pool) ?? drizzle(pool, { schema });
  orms.set(pool, orm);
  return orm;
}
