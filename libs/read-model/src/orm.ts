import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Database } from '@orderly/database';
import * as schema from './schema';

export type Orm = NodePgDatabase<typeof schema>;

const orms = new WeakMap<Database['pool'], Orm>();

/**
 * drizzle-orm over the connections of a database: for queries that people ask for. Apart from {@link Database}, so that a worker,
 * which has none of them, does not load it: it is half of a worker's memory.
 */
export function ormOf({ pool }: Pick<Database, 'pool'>): Orm {
  const orm = orms.get(pool) ?? drizzle(pool, { schema });
  orms.set(pool, orm);
  return orm;
}
