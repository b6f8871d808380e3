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
 * Ends a key, and prints which it was, as JSON. A key that was revoked before stays so, and a line on stderr says it.
 *
 * @param which - its id, or its visible start
 * @throws NotFoundError if there is no such key
 */
export async function revokeKey(env: Environment, which: string, { reason }: RevokeKeyOptions): Promise<void> {
  const revocation = {
    actor: operatorAtTerminal(),
    reason: reason === undefined ? undefined : printableText('--reason', reason),
  };
  await withLedger(env, async (db) => {
    const revoked = await revokeApiKey(db, which, revocation);
    if (revoked === undefined) throw new NotFoundError('not-found', 'No key has this id or prefix: keys list shows them all');
    process.stdout.write(`${JSON.stringify(revoked)}\n`);
    if (revoked.changed) return;
    const kept = reason === undefined ? '' : ', and the reason is not kept';
    process.stderr.write(`It was revoked before, at ${revoked.revokedAt.toISOString()}: nothing has changed${kept}\n`);
  });
}
