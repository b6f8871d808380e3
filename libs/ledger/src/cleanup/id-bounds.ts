import type { Database } from '@orderly/database';

/** The lowest possible id. */
export const firstId = '00000000-0000-0000-0000-000000000000';

/** The highest possible id. */
export const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The lowest UUIDv7 of the moment `days` ago, by the clock of PostgreSQL: a wrong local clock must not delete rows. */
export async function idFloor(db: Pick<Database, 'query'>, days: number): Promise<string> {
  const [row] = await db.query<{ id: string }>(`select uuid_floor(now() - make_interval(days => $1)) as id`, [days]);
  if (row === undefined) throw new Error('PostgreSQL returned no row');
  return row.id;
}
