import type { Actor } from '@orderly/contracts';
import { recordAudit } from '../audit/record-audit';
import type { Database } from '@orderly/database';
import { shownPrefix, visiblePrefixOf } from './api-key';

/** Who revokes a key, and why: for the audit trail. */
export interface Revocation {
  readonly actor: Actor;
  /** Must be storable text: no NUL, no lone surrogate. */
  readonly reason?: string;
}

export interface RevokedApiKey {
  readonly id: string;
  readonly name: string;
  /** The visible start of the key: `orderly_` and eight characters. */
  readonly prefix: string;
  readonly revokedAt: Date;
  /** False if the key had been revoked before. Then the first actor, time and reason stay. */
  readonly changed: boolean;
}

/**
 * Revokes a key and audits it. A gateway that has cached the key may accept it for a few more seconds.
 *
 * @param which - the key's id, or its visible start with or without `orderly_`
 * @returns undefined if there is no such key
 */
export async function revokeApiKey(
  db: Database,
  which: string,
  { actor, reason }: Revocation,
): Promise<RevokedApiKey | undefined> {
  return db.transaction(async (query) => {
    const [key] = await query<Omit<RevokedApiKey, 'revokedAt' | 'changed'> & { readonly revokedAt: Date | null }>(
      `select id, name, $3 || prefix as prefix, revoked_at as "revokedAt" from api_keys
       where id::text = $1 or prefix = $2 for update`,
      [which.toLowerCase(), visiblePrefixOf(which), shownPrefix('')],
    );
    if (key === undefined) return undefined;
    if (key.revokedAt !== null) return { ...key, revokedAt: key.revokedAt, changed: false };
    const [row] = await query<{ revokedAt: Date }>(
      `update api_keys set revoked_at = now() where id = $1 returning revoked_at as "revokedAt"`,
      [key.id],
    );
    await recordAudit({ query }, [
      { action: 'api-key.revoked', actor, reason, subject: key.prefix, detail: { id: key.id, name: key.name } },
    ]);
    return { ...key, revokedAt: (row as { revokedAt: Date }).revokedAt, changed: true };
  });
}
