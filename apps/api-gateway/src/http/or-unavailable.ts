import { settlesWithin } from '@orderly/runtime';
import { databaseUnavailable } from './request-refused';

/** Three seconds. After this time callers get 503, even if the network drops every packet to the ledger. */
export const ledgerDeadlineMs = 3000;

/**
 * Gives up waiting for the ledger after `timeoutMs`.
 *
 * @throws RequestRefused `database-unavailable`. The work may still be committed afterwards; a retry is then a duplicate.
 */
export async function orUnavailable<Result>(work: Promise<Result>, timeoutMs = ledgerDeadlineMs): Promise<Result> {
  if (!(await settlesWithin(work, timeoutMs))) throw databaseUnavailable();
  return work;
}
