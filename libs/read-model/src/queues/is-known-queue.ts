import { queueNames } from '@orderly/contracts';
import type { Database } from '@orderly/database';

const fixed: readonly string[] = Object.values(queueNames);

/** Whether anything is known of a queue: a process works on it, or did until it died, it has jobs, or it is paused. */
export async function isKnownQueue(db: Pick<Database, 'query'>, queue: string): Promise<boolean> {
  if (fixed.includes(queue)) return true;
  const rows = await db.query(
    `select where exists (select from processes where $1 = any(queues))
       or exists (select from holds where scope = 'queue' and key = $1)
       or exists (select from jobs where queue = $1)`,
    [queue],
  );
  return rows.length > 0;
}
