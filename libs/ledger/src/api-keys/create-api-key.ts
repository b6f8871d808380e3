import type { Actor, ApiScope } from '@orderly/contracts';
import { v7 as uuidv7 } from 'uuid';
import { recordAudit } from '../audit/record-audit';
import type { Database } from '@orderly/database';
import { hashOf, makeKey, shownPrefix } from './api-key';

export interface NewApiKey {
  /** Who uses it: shown to operators. Storable text: no NUL, no lone surrogate. */
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  /** @defaultValue never */
  readonly expiresAt?: Date;
  /** How many requests of it are served in a minute, by all gateways together. @defaultValue no limit */
  readonly requestsPerMinute?: number;
}

/** Creates a key, and records who did. It is shown this once: only its hash is kept. */
export async function createApiKey(
  db: Database,
  { name, scopes, expiresAt, requestsPerMinute }: NewApiKey,
  actor: Actor,
): Promise<{ readonly id: string; readonly key: string }> {
  const { key, prefix } = makeKey();
  const id = uuidv7();
  await db.transaction(async (query) => {
    await query(insertSql, [id, name, prefix, hashOf(key), scopes, expiresAt ?? null, requestsPerMinute ?? null]);
    const detail = { id, name, scopes, expiresAt, requestsPerMinute };
    await recordAudit({ query }, [{ action: 'api-key.created', actor, subject: shownPrefix(prefix), detail }]);
  });
  return { id, key };
}

const insertSql = `
  insert into api_keys (id, name, prefix, hash, scopes, expires_at, requests_per_minute) values ($1, $2, $3, $4, $5, $6, $7)`;
