import { join } from 'node:path';
import { createKey, listActiveKeys, revokeKey, type NewKey } from './gateway-command';
import { readPrivateFile, writePrivateFile } from './private-file';

export type StackKey = {
  key: string;
  /** Revokes the key, if the database outlives the stack and no file keeps the key. */
  giveBack: () => Promise<void>;
};

export type StackKeyOptions = {
  /** The file that keeps the key between runs; undefined for a temporary folder. */
  keptFolder: string | undefined;
  /** True if the database belongs to the caller and outlives the stack. */
  hasOwnDatabase: boolean;
};

/**
 * The stack's own API key: the key of the last run in the same data folder if it is still active, else a new one.
 * @throws Error with a one-line message.
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
