import { hostname } from 'node:os';
import type { ProcessRegistry } from '@orderly/jobs';
import type { Database } from '../database';

/** The heartbeat row of one process, by the database's clock. */
export function createProcessRegistry(db: Pick<Database, 'query'>, processId: string, service: string): ProcessRegistry {
  return {
    beat: async () => {
      await db.query(
        `insert into processes (id, service, host, pid) values ($1, $2, $3, $4) on conflict (id) do update set beat_at = now()`,
        [processId, service, hostname(), process.pid],
      );
    },
    leave: async () => {
      await db.query('delete from processes where id = $1', [processId]);
    },
  };
}
