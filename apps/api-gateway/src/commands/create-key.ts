import { loadConfig, type Environment } from '@orderly/config';
import { ApiScope, apiScopes } from '@orderly/contracts';
import { createApiKey, createDatabase } from '@orderly/database';
import { ConfigurationError } from '@orderly/errors';
import { z } from 'zod';
import { databaseCommandConfig } from '../config';

export interface CreateKeyOptions {
  readonly name: string;
  /** Separated by commas. */
  readonly scopes: string;
  readonly expiresInDays?: string;
}

const dayMs = 86_400_000;

/** Prints the new key once, as JSON `{id, key}`: nobody can read it again. */
export async function createKey(env: Environment, options: CreateKeyOptions): Promise<void> {
  const { database } = loadConfig(databaseCommandConfig, env);
  const newKey = parseOptions(options);
  const db = createDatabase({ ...database, poolSize: 1, applicationName: 'api-gateway keys' });
  try {
    process.stdout.write(`${JSON.stringify(await createApiKey(db, newKey))}\n`);
  } finally {
    await db.close();
  }
}

function parseOptions({ name, scopes, expiresInDays }: CreateKeyOptions) {
  const parsedScopes = z
    .array(ApiScope)
    .min(1)
    .safeParse(scopes.split(',').map((scope) => scope.trim()));
  if (!parsedScopes.success) {
    throw new ConfigurationError('configuration-invalid', `--scopes takes a list of ${apiScopes.join(', ')}`);
  }
  const days = z.coerce.number().positive().max(36_500).optional().safeParse(expiresInDays);
  if (!days.success) throw new ConfigurationError('configuration-invalid', '--expires-in-days takes a number of days');
  const expiresAt = days.data === undefined ? undefined : new Date(Date.now() + days.data * dayMs);
  return { name, scopes: [...new Set(parsedScopes.data)], expiresAt };
}
