import type { ApiScope } from '@orderly/contracts';
import type { Database } from '../database';
import { hashesEqual, hashOf, prefixOf } from './api-key';

/** A key that may be used now. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
}

/** Undefined for a key that is unknown, expired or revoked. */
export type FindApiKey = (key: string) => Promise<ApiKey | undefined>;

export interface FindApiKeyOptions {
  /** How long a revoked key may still pass, and a request needs no query for its key. @defaultValue 5000 */
  readonly cacheMs?: number;
  /** In ms since 1970. */
  readonly now?: () => number;
}

/** More keys than one gateway sees in a few seconds; beyond it the oldest entry goes. */
const maxCached = 1000;

/** Looks keys up, through a cache of this process. */
export function createFindApiKey(db: Database, { cacheMs = 5000, now = Date.now }: FindApiKeyOptions = {}): FindApiKey {
  const cache = new Map<string, { readonly row: Promise<KeyRow | undefined>; readonly until: number }>();

  const lookUp = (prefix: string): Promise<KeyRow | undefined> => {
    const cached = cache.get(prefix);
    if (cached !== undefined && cached.until > now()) return cached.row;
    const row = readRow(db, prefix);
    cache.delete(prefix);
    cache.set(prefix, { row, until: now() + cacheMs });
    const [oldest] = cache.keys();
    if (cache.size > maxCached && oldest !== undefined) cache.delete(oldest);
    // A failure is for those who wait for it now; the next request asks again.
    row.catch(() => {
      if (cache.get(prefix)?.row === row) cache.delete(prefix);
    });
    return row;
  };

  return async (key) => {
    const prefix = prefixOf(key);
    const row = prefix === undefined ? undefined : await lookUp(prefix);
    if (row === undefined || !hashesEqual(row.hash, hashOf(key))) return undefined;
    if (row.revoked_at !== null || (row.expires_at !== null && row.expires_at.getTime() <= now())) return undefined;
    return row;
  };
}

type KeyRow = ApiKey & { readonly hash: Buffer; readonly expires_at: Date | null; readonly revoked_at: Date | null };

async function readRow(db: Database, prefix: string): Promise<KeyRow | undefined> {
  const [row] = await db.query<KeyRow>('select id, name, scopes, hash, expires_at, revoked_at from api_keys where prefix = $1', [
    prefix,
  ]);
  return row;
}
