import type { Environment } from '@orderly/config';
import { ApiScope, apiScopes } from '@orderly/contracts';
import { createApiKey, type NewApiKey } from '@orderly/ledger';
import { ConfigurationError } from '@orderly/errors';
import { z } from 'zod';
import { operatorAtTerminal } from './operator-at-terminal';
import { printableText } from './printable-text';
import { withLedger } from './with-ledger';

/** The options as typed: all text, checked by {@link createKey}. */
export interface CreateKeyOptions {
  readonly name: string;
  /** Separated by commas. */
  readonly scopes: string;
  readonly expiresInDays?: string;
  readonly requestsPerMinute?: string;
}

const dayMs = 86_400_000;

/** Prints the new key once, as JSON `{id, key}`. The ledger keeps only a hash, so the key cannot be shown again. */
export async function createKey(env: Environment, options: CreateKeyOptions): Promise<void> {
  const newKey = parseOptions(options);
  await withLedger(env, async (db) => {
    process.stdout.write(`${JSON.stringify(await createApiKey(db, newKey, operatorAtTerminal()))}\n`);
  });
}

function parseOptions({ name, scopes, expiresInDays, requestsPerMinute }: CreateKeyOptions): NewApiKey {
  const days = parse(Days, expiresInDays, '--expires-in-days takes a number of days');
  return {
    name: printableText('--name', name),
    scopes: parse(Scopes, scopes, `--scopes takes a list of ${apiScopes.join(', ')}`),
    expiresAt: days === undefined ? undefined : new Date(Date.now() + days * dayMs),
    requestsPerMinute: parse(RequestsPerMinute, requestsPerMinute, '--requests-per-minute takes a whole number from 1'),
  };
}

const Scopes = z
  .string()
  .transform((list) => [...new Set(list.split(',').map((scope) => scope.trim()))])
  .pipe(z.array(ApiScope).min(1));
// At most a century: a larger number is a typing error.
const Days = z.coerce.number().positive().max(36_500).optional();
// The column is a 32-bit integer.
const RequestsPerMinute = z.coerce.number().int().positive().max(2_147_483_647).optional();

function parse<Value>(schema: z.ZodType<Value>, text: string | undefined, complaint: string): Value {
  const parsed = schema.safeParse(text);
  if (!parsed.success) throw new ConfigurationError('configuration-invalid', complaint);
  return parsed.data;
}
