import type { ApiScope } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { shownPrefix } from './api-key';

export type ApiKeyState = 'active' | 'expired' | 'revoked';

/** A key as operators see it, without anything that would let them use it. */
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
  /** May be up to a minute old; for a key that was idle before, a second. */
  readonly lastUsedAt: Date | null;
  readonly requestsPerMinute: number | null;
}

/** Lists all keys, the oldest first. Cleanup removes keys 30 days after they expire or are revoked. */
export async function listApiKeys(db: Pick<Database, 'query'>, now = new Date()): Promise<ApiKeyRecord[]> {
  const rows = await db.query<Omit<ApiKeyRecord, 'state'>>(
    `select id, name, prefix, scopes, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt",
       last_used_at as "lastUsedAt", requests_per_minute as "requestsPerMinute"
     from api_keys
     order by created_at, id`,
  );
  return rows.map((row) => ({ ...row, prefix: shownPrefix(row.prefix), state: stateOf(row, now) }));
}

function stateOf({ revokedAt, expiresAt }: Pick<ApiKeyRecord, 'revokedAt' | 'expiresAt'>, now: Date): ApiKeyState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
}
