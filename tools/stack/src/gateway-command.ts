import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { serviceFolder } from './workspace';

/** The stack's key has all scopes. */
const scopes = ['events:write', 'orders:read', 'ops:read', 'ops:write'];

export type NewKey = { id: string; key: string };

/**
 * Migrates the database to the newest schema.
 * @throws Error with a one-line message.
 */
export async function migrateDatabase(environment: NodeJS.ProcessEnv): Promise<void> {
  await gatewayCommand(['migrate'], environment);
}

/** Creates an API key with all scopes. */
export async function createKey(environment: NodeJS.ProcessEnv): Promise<NewKey> {
  const printed = await gatewayCommand(
    ['keys', 'create', '--name', `npm start ${new Date().toISOString()}`, '--scopes', scopes.join(',')],
    environment,
  );
  // The key is in the last JSON line; the command may print other lines before it.
  const line = printed.split('\n').findLast((text) => text.startsWith('{') && text.includes('"key"'));
  if (line === undefined) throw new Error('api-gateway keys create printed no key');
  return JSON.parse(line) as NewKey;
}

/** The ids of the active keys with all scopes. */
export async function listActiveKeys(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const printed = await gatewayCommand(['keys', 'list', '--json'], environment);
  const keys = JSON.parse(printed) as { id: string; state: string; scopes: string[] }[];
  return keys.flatMap((key) => (key.state === 'active' && scopes.every((scope) => key.scopes.includes(scope)) ? [key.id] : []));
}

/** Revokes a key. */
export async function revokeKey(id: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await gatewayCommand(['keys', 'revoke', id, '--reason', 'npm start has stopped'], environment);
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
        // An expected failure prints one line. A bug prints a stack; its most useful line starts with the error's name.
        const word = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? error.message;
        reject(new Error(`api-gateway ${args[0]} failed: ${word}`));
      },
    );
  });
}
