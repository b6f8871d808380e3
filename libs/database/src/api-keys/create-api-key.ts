import type { ApiScope } from '@orderly/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../database';
import { apiKeys } from '../schema';
import { hashOf, makeKey } from './api-key';
import { ormOf } from '../orm';

export interface NewApiKey {
  /** Who uses it: shown to operators. */
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  /** @defaultValue never */
  readonly expiresAt?: Date;
}

/** Creates a key. It is shown this once: only its hash is kept. */
export async function createApiKey(
  db: Database,
  { name, scopes, expiresAt }: NewApiKey,
): Promise<{ readonly id: string; readonly key: string }> {
  const { key, prefix } = makeKey();
  const id = uuidv7();
  await ormOf(db)
    .insert(apiKeys)
    .values({ id, name, prefix, hash: hashOf(key), scopes: [...scopes], expiresAt });
  return { id, key };
}
