import { queueNames } from '@orderly/contracts';
import type { Database } from '@orderly/database';

/** Queues of every installation. The others are named after destinations, so they are known only from the ledger. */
const fixed: readonly string[] = Object.values(queueNames);

/** Whether a queue exists: a living or dead process is registered for it, it has jobs, or it is paused. */
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
