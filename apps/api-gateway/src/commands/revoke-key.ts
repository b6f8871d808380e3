import type { Environment } from '@orderly/config';
import { revokeApiKey } from '@orderly/ledger';
import { NotFoundError } from '@orderly/errors';
import { operatorAtTerminal } from './operator-at-terminal';
import { printableText } from './printable-text';
import { withLedger } from './with-ledger';

export interface RevokeKeyOptions {
  readonly reason?: string;
}

/**
 * Revokes a key and prints its record as JSON. If the key was revoked before, nothing changes and a line on stderr says so.
 *
 * @param which - the id or the prefix of the key
 * @param listCommand - the command that shows all keys, as users call it
 * @throws NotFoundError if no key matches
 */
export async function revokeKey(
  env: Environment,
  which: string,
  { reason }: RevokeKeyOptions,
  listCommand: string,
): Promise<void> {
  const revocation = {
    actor: operatorAtTerminal(),
    reason: reason === undefined ? undefined : printableText('--reason', reason),
  };
  await withLedger(env, async (db) => {
    const revoked = await revokeApiKey(db, which, revocation);
    if (revoked === undefined)
      throw new NotFoundError('not-found', `No key has this id or prefix. To show all keys, run: ${listCommand}`);
    process.stdout.write(`${JSON.stringify(revoked)}\n`);
    if (revoked.changed) return;
    const kept = reason === undefined ? '' : ', and the new reason was not stored';
    process.stderr.write(`The key was already revoked at ${revoked.revokedAt.toISOString()}: nothing changed${kept}\n`);
  });
}
