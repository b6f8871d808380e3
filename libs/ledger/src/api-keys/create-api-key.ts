import type { Actor, ApiScope } from '@orderly/contracts';
import { v7 as uuidv7 } from 'uuid';
import { recordAudit } from '../audit/record-audit';
import type { Database } from '@orderly/database';
import { hashOf, makeKey, shownPrefix } from './api-key';

/** The properties of a key to create. */
export interface NewApiKey {
  /** The name of the key's user, shown to operators. It must be storable text: no NUL, no lone surrogate. */
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  /** @defaultValue never */
  readonly expiresAt?: Date;
  /** How many requests with this key all gateways together serve in a minute. @defaultValue no limit */
  readonly requestsPerMinute?: number;
}

/** Creates a key and audits it. The key cannot be shown again, because only its hash is stored. */
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
