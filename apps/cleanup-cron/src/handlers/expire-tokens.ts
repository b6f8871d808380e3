import { expireTokens, type CleanupOptions, type Database, type ExpireTokensReport } from '@orderly/database';

/** Daily: removes API keys, kept answers, heartbeats and leases whose time is over. */
export const createExpireTokens =
  (db: Database) =>
  (options: CleanupOptions): Promise<ExpireTokensReport> =>
    expireTokens(db, options);
