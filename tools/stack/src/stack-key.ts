import { join } from 'node:path';
import { createKey, listActiveKeys, revokeKey, type NewKey } from './gateway-command';
import { readPrivateFile, writePrivateFile } from './private-file';

export type StackKey = {
  key: string;
  /** Ends it, if the database outlives the stack and nobody else has the key. */
  giveBack: () => Promise<void>;
};

export type StackKeyOptions = {
  /** Where the key is kept from run to run; undefined in a temporary folder. */
  keptFolder: string | undefined;
  /** The database is the caller's, and stays when the stack is gone. */
  hasOwnDatabase: boolean;
};

/**
 * The stack's own API key: that of the last run on the same data folder if it still works, else a new one.
 * @throws Error with one line.
 */
export async function takeStackKey(
  environment: NodeJS.ProcessEnv,
  { keptFolder, hasOwnDatabase }: StackKeyOptions,
): Promise<StackKey> {
  if (keptFolder === undefined) {
    const { id, key } = await createKey(environment);
    return { key, giveBack: () => (hasOwnDatabase ? revokeKey(id, environment) : Promise.resolve()) };
  }
  const file = join(keptFolder, 'api-key.json');
  const kept = readPrivateFile(file) as Partial<NewKey> | undefined;
  const giveBack = (): Promise<void> => Promise.resolve();
  if (kept?.key !== undefined && (await listActiveKeys(environment)).includes(kept.id ?? '')) return { key: kept.key, giveBack };
  const made = await createKey(environment);
  writePrivateFile(file, made);
  return { key: made.key, giveBack };
}
