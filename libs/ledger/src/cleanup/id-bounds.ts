import type { Database } from '@orderly/database';

/** No id is lower. */
export const firstId = '00000000-0000-0000-0000-000000000000';

/** No id is higher. */
export const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The lowest UUIDv7 of the moment so many days ago, by the database's clock. */
export async function idFloor(db: Pick<Database, 'query'>, days: number): Promise<string> {
  const [row] = await db.query<{ id: string }>(`select uuid_floor(now() - make_interval(days => $1)) as id`, [days]);
  if (row === undefined) throw new Error('PostgreSQL returned no row');
  return row.id;
}
