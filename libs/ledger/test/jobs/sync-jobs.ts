import type { Database } from '@orderly/database';
import type { ClaimedJob, ClaimResult, NewJob } from '@orderly/jobs';
import type { ClaimOptions } from '../../src/index';
import { addJobs, newSyncJob } from '../../src/testing';

/** For processes that never stop. */
export const wait = { signal: new AbortController().signal };

let destinations = 0;

/** What a worker serves: a destination that no other test of the file uses, and its queue. */
export function newSyncPlan(sendsNewest = false): Omit<ClaimOptions, 'processId' | 'destination'> & { destination: string } {
  destinations += 1;
  const destination = `erp-${destinations}`;
  return { queue: `order-sync.${destination}`, destination, sendsNewest, sendsMessages: false };
}

/** Adds jobs for a destination, each of another order, without lanes. Returns their ids. */
export const addSyncJobs = (
  db: Pick<Database, 'query'>,
  destination: string,
  count = 1,
  change: Partial<NewJob> = {},
): Promise<string[]> =>
  addJobs(
    db,
    Array.from({ length: count }, (_, index) => ({
      ...newSyncJob({ destination, orderId: `${destination}-${index}` }),
      ...change,
    })),
  );

/** Adds jobs for a destination, each the head of another order's lane. Returns their ids. */
export async function addHeads(db: Pick<Database, 'query'>, destination: string, count = 1): Promise<string[]> {
  const ids = await addSyncJobs(db, destination, count);
  await db.query(
    'insert into lanes (order_id, destination, head) select order_id, destination, id from jobs where id = any($1)',
    [ids],
  );
  return ids;
}

/** @throws Error if the job was not claimed */
export function claimedJob(result: ClaimResult): ClaimedJob {
  if (result.kind !== 'claimed') throw new Error(`not claimed but ${result.kind}`);
  return result.job;
}
