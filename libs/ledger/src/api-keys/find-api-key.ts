import type { ApiScope } from '@orderly/contracts';
import { createCoalescer } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { hashesEqual, hashOf, prefixOf } from './api-key';

/** A key that may be used now. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  /** Null is no limit. */
  readonly requestsPerMinute: number | null;
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
/** Keys of one statement. */
const maxLookedUp = 200;

/**
 * Looks keys up, through a cache of this process. Only keys that exist are cached, and what is not cached is looked up by one
 * statement at a time: somebody who guesses keys drives no other's out of the cache, and takes one connection at most. Requests of
 * one key share its look-up, so that they do not gather here while the database is silent.
 */
export function createFindApiKey(db: Database, { cacheMs = 5000, now = Date.now }: FindApiKeyOptions = {}): FindApiKey {
  const cache = new Map<string, { readonly row: KeyRow; readonly until: number }>();
  const underWay = new Map<string, Promise<KeyRow | undefined>>();
  const readRow = createCoalescer<string, KeyRow | undefined>({
    run: (prefixes) => readRows(db, prefixes),
    maxBatch: maxLookedUp,
    maxInFlight: 1,
    isItemFault: () => false,
  });

  const lookUp = async (prefix: string): Promise<KeyRow | undefined> => {
    const askedAt = now();
    const row = await readRow(prefix);
    cache.delete(prefix);
    if (row !== undefined) cache.set(prefix, { row, until: askedAt + cacheMs });
    const [oldest] = cache.keys();
    if (cache.size > maxCached && oldest !== undefined) cache.delete(oldest);
    return row;
  };

  const rowOf = (prefix: string): KeyRow | Promise<KeyRow | undefined> => {
    const cached = cache.get(prefix);
    if (cached !== undefined && cached.until > now()) return cached.row;
    const shared = underWay.get(prefix);
    if (shared !== undefined) return shared;
    const asked = lookUp(prefix).finally(() => underWay.delete(prefix));
    underWay.set(prefix, asked);
    return asked;
  };

  return async (key) => {
    const prefix = prefixOf(key);
    const row = prefix === undefined ? undefined : await rowOf(prefix);
    if (row === undefined || !hashesEqual(row.hash, hashOf(key))) return undefined;
    if (row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt.getTime() <= now())) return undefined;
    return row;
  };
}

type KeyRow = ApiKey & {
  readonly prefix: string;
  readonly hash: Buffer;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
};

async function readRows(db: Database, prefixes: readonly string[]): Promise<(KeyRow | undefined)[]> {
  const rows = await db.query<KeyRow>(
    `select id, name, scopes, requests_per_minute as "requestsPerMinute", prefix, hash, expires_at as "expiresAt",
            revoked_at as "revokedAt"
     from api_keys where prefix = any($1)`,
    [prefixes],
  );
  const byPrefix = new Map(rows.map((row) => [row.prefix, row]));
  return prefixes.map((prefix) => byPrefix.get(prefix));
}
