import { databaseUnavailable } from './request-refused';

/** A caller learns within this time that the ledger is away, even if the network swallows what is sent to it. */
export const ledgerDeadlineMs = 3000;

/**
 * Gives up waiting for the ledger after `timeoutMs`.
 *
 * @throws RequestRefused `database-unavailable`: what was under way may still be committed; sent again, it is a duplicate
 */
export async function orUnavailable<Result>(work: Promise<Result>, timeoutMs = ledgerDeadlineMs): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(databaseUnavailable()), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
