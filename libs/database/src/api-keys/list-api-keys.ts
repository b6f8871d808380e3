import type { ApiScope } from '@orderly/contracts';
import { asc } from 'drizzle-orm';
import type { Database } from '../database';
import { ormOf } from '../orm';
import { apiKeys } from '../schema';
import { shownPrefix } from './api-key';

export type ApiKeyState = 'active' | 'expired' | 'revoked';

/** A key as operators see it: nothing of it can be used. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  /** The visible start of the key: `orderly_` and eight characters. */
  readonly prefix: string;
  readonly scopes: readonly ApiScope[];
  readonly state: ApiKeyState;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** Up to a minute behind; seconds where it was idle before. */
  readonly lastUsedAt: Date | null;
  readonly requestsPerMinute: number | null;
}

/** Every key that there is, the oldest first; those that ended long ago are gone. */
export async function listApiKeys(db: Database, now = new Date()): Promise<ApiKeyRecord[]> {
  const rows = await ormOf(db)
    .select({
      id: apiKeys.id,
      name: apiKeys.name,
      prefix: apiKeys.prefix,
      scopes: apiKeys.scopes,
      createdAt: apiKeys.createdAt,
      expiresAt: apiKeys.expiresAt,
      revokedAt: apiKeys.revokedAt,
      lastUsedAt: apiKeys.lastUsedAt,
      requestsPerMinute: apiKeys.requestsPerMinute,
    })
    .from(apiKeys)
    .orderBy(asc(apiKeys.createdAt), asc(apiKeys.id));
  return rows.map((row) => ({
    ...row,
    prefix: shownPrefix(row.prefix),
    scopes: row.scopes as ApiScope[],
    state: stateOf(row, now),
  }));
}

function stateOf({ revokedAt, expiresAt }: Pick<ApiKeyRecord, 'revokedAt' | 'expiresAt'>, now: Date): ApiKeyState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
}
