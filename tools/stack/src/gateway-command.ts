import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { serviceFolder } from './workspace';

/** What the stack's key may do: everything. */
const scopes = ['events:write', 'orders:read', 'ops:read', 'ops:write'];

export type NewKey = { id: string; key: string };

/**
 * Brings the database to the newest schema.
 * @throws Error with one line.
 */
export async function migrateDatabase(environment: NodeJS.ProcessEnv): Promise<void> {
  await gatewayCommand(['migrate'], environment);
}

/** Makes an API key that may do everything. */
export async function createKey(environment: NodeJS.ProcessEnv): Promise<NewKey> {
  const printed = await gatewayCommand(
    ['keys', 'create', '--name', `npm start ${new Date().toISOString()}`, '--scopes', scopes.join(',')],
    environment,
  );
  // The last line that is JSON; the command may say more before it.
  const line = printed.split('\n').findLast((text) => text.startsWith('{') && text.includes('"key"'));
  if (line === undefined) throw new Error('api-gateway keys create gave no key');
  return JSON.parse(line) as NewKey;
}

/** The ids of the keys that work and may do everything. */
export async function listActiveKeys(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const printed = await gatewayCommand(['keys', 'list', '--json'], environment);
  const keys = JSON.parse(printed) as { id: string; state: string; scopes: string[] }[];
  return keys.flatMap((key) => (key.state === 'active' && scopes.every((scope) => key.scopes.includes(scope)) ? [key.id] : []));
}

/** Ends a key. */
export async function revokeKey(id: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await gatewayCommand(['keys', 'revoke', id, '--reason', 'npm start has ended'], environment);
}

function gatewayCommand(args: string[], environment: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(serviceFolder('api-gateway'), 'main.cjs'), ...args],
      { env: environment, timeout: 60_000 },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const lines = stderr.split('\n').filter((line) => line.trim() !== '');
        // A failure that was foreseen is one line; of a bug's many, the one with the error's name says most.
        const word = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? error.message;
        reject(new Error(`api-gateway ${args[0]} failed: ${word}`));
      },
    );
  });
}
