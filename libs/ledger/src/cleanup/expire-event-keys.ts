import type { Database } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import { idFloor } from './id-bounds';
import { walkById } from './walk-by-id';

/** Keys in one transaction: about 100 ms of work. A run thus removes far more keys than the 500 a second that arrive. */
const keyBatch = 10_000;

/**
 * Removes the keys of events that were accepted more than `keepDays` ago, from the oldest. A repeat of such an event is accepted
 * as a new event from then on.
 */
export async function expireEventKeys(
  db: Database,
  keepDays: number,
  { batch = keyBatch, ...options }: CleanupOptions,
): Promise<CleanupReport> {
  const end = await idFloor(db, keepDays);
  const step: Parameters<typeof walkById>[1]['step'] = async (query, from, to) => {
    const [gone] = await query<{ rows: number; bytes: number }>(deleteSql, [from, to]);
    return gone ?? { rows: 0, bytes: 0 };
  };
  return walkById(db, { name: 'event_keys', table: 'event_keys', key: 'event_id', end, step }, { ...options, batch });
}

/** $1 the first id, $2 the id that ends the range, exclusive. */
const deleteSql = `
  with gone as (
    delete from event_keys where event_id >= $1 and event_id < $2 returning pg_column_size(event_keys) as bytes
  )
  select count(*)::integer as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone`;
