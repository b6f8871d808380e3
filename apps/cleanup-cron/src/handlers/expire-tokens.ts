import type { Database } from '@orderly/database';
import { type CleanupOptions, expireTokens, type ExpireTokensReport } from '@orderly/ledger';

/** Daily: removes API keys, kept answers, heartbeats and leases whose time is over. */
export const createExpireTokens =
  (db: Database) =>
  (options: CleanupOptions): Promise<ExpireTokensReport> =>
    expireTokens(db, options);
