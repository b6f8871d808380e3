import { hostname } from 'node:os';
import type { ProcessRegistry } from '@orderly/jobs';
import type { Database } from '@orderly/database';

/**
 * The heartbeat row of one process, by the database's clock.
 *
 * @param queues the queues of the process. They are recorded at the start, so that a queue can be paused before its first job
 */
export function createProcessRegistry(
  db: Pick<Database, 'query'>,
  processId: string,
  service: string,
  queues: readonly string[] = [],
): ProcessRegistry {
  return {
    beat: async () => {
      await db.query(
        `insert into processes (id, service, host, pid, queues) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set beat_at = now()`,
        [processId, service, hostname(), process.pid, queues],
      );
    },
    leave: async () => {
      await db.query('delete from processes where id = $1', [processId]);
    },
  };
}
