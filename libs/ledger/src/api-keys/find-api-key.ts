import type { ApiScope } from '@orderly/contracts';
import { createCoalescer } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { hashesEqual, hashOf, prefixOf } from './api-key';

/** A key that is valid now. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  /** Null means no limit. */
  readonly requestsPerMinute: number | null;
}

/** Returns undefined for a key that is unknown, expired or revoked. */
export type FindApiKey = (key: string) => Promise<ApiKey | undefined>;

export interface FindApiKeyOptions {
  /** How long a key is cached, and thus how long a revoked key may still pass. @defaultValue 5000 */
  readonly cacheMs?: number;
  /** The clock, in ms since 1970. */
  readonly now?: () => number;
}

/** More keys than one gateway sees in a few seconds. A further key replaces the oldest entry. */
const maxCached = 1000;

/** The highest number of keys that one statement looks up. */
const maxLookedUp = 200;
/** Different keys that may wait for a look-up: more at once are being guessed. */
const maxWaitingForLookUp = 1000;

/**
 * Looks keys up through a cache of this process. Callers who guess keys do little harm: unknown keys are not cached, so they
 * evict no valid key, and only one statement runs at a time, so they take one connection at most. Requests with the same key
 * share a look-up, so that they do not pile up while the database does not answer.
 */
export function createFindApiKey(db: Database, { cacheMs = 5000, now = Date.now }: FindApiKeyOptions = {}): FindApiKey {
  const cache = new Map<string, { readonly row: KeyRow; readonly until: number }>();
  const underWay = new Map<string, Promise<KeyRow | undefined>>();
  const readRow = createCoalescer<string, KeyRow | undefined>({
    run: (prefixes) => readRows(db, prefixes),
    maxBatch: maxLookedUp,
    maxInFlight: 1,
    maxWaiting: maxWaitingForLookUp,
    isItemFault: () => false,
  });

  const lookUp = async (prefix: string): Promise<KeyRow | undefined> => {
    const askedAt = now();
    const row = await readRow(prefix);
    // Deleting first moves the key to the end of the map, which is ordered by age.
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
    // The secret and the expiry are checked on each request: the cache may hold a row for longer than the key is valid.
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
