import type { Environment } from '@orderly/config';
import { type ApiKeyRecord, listApiKeys } from '@orderly/ledger';
import { alignedTable } from './aligned-table';
import { withLedger } from './with-ledger';

export interface ListKeysOptions {
  /** Prints JSON instead of a table. */
  readonly json?: boolean;
}

/** Prints all stored keys, also revoked and expired ones. The output holds no secret: a prefix cannot be used as a key. */
export async function listKeys(env: Environment, { json = false }: ListKeysOptions): Promise<void> {
  await withLedger(env, async (db) => {
    const keys = await listApiKeys(db);
    process.stdout.write(json ? `${JSON.stringify(keys, undefined, 2)}\n` : tableOf(keys));
  });
}

function tableOf(keys: readonly ApiKeyRecord[]): string {
  if (keys.length === 0) return 'There are no keys yet. Create one with: keys create\n';
  return alignedTable([
    ['NAME', 'STATE', 'PREFIX', 'SCOPES', 'CREATED (UTC)', 'EXPIRES', 'LAST USED', 'PER MINUTE', 'ID'],
    ...keys.map((key) => [
      key.name,
      key.state,
      key.prefix,
      key.scopes.join(','),
      minuteOf(key.createdAt),
      minuteOf(key.expiresAt),
      minuteOf(key.lastUsedAt),
      key.requestsPerMinute?.toString() ?? nothing,
      key.id,
    ]),
  ]);
}

const nothing = '-';
const minuteOf = (moment: Date | null): string => moment?.toISOString().slice(0, 16).replace('T', ' ') ?? nothing;
