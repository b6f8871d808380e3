import { createTestDatabase, eventually, testRedisUrl } from '@orderly/testing';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endAfterAll } from './end-after-all';
import { builtService, machine, Stack } from './stack';

const script = join(__dirname, '../../scripts/keys.mjs');

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs `npm run keys --`, which finds the database of the stack itself. */
const npmRunKeys = (...args: readonly string[]): Promise<Ran> => run([script, ...args], machine());

/** Runs the command behind it, as in an image. */
const gatewayKeys = (databaseUrl: string, ...args: readonly string[]): Promise<Ran> =>
  run([join(builtService('api-gateway'), 'main.cjs'), 'keys', ...args], { ...machine(), DATABASE_URL: databaseUrl });

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, args, { env })) };
  } catch (error) {
    return error as Ran;
  }
}

const statusFor = async (stack: Stack, key: string): Promise<number> =>
  (await fetch(`${stack.ready.gateway}/v1/stats`, { headers: { authorization: `Bearer ${key}` } })).status;

describe('the keys of a stack with a data folder', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'keys-of-stack-'));
  const atTheEnd = endAfterAll();
  let stack: Stack;
  beforeAll(async () => {
    atTheEnd(() => rmSync(dataFolder, { recursive: true, force: true }));
    const { url } = await createTestDatabase();
    stack = await Stack.start(onFolder(url));
    atTheEnd(() => stack.stop());
  });
  const onFolder = (DATABASE_URL: string) => ({
    environment: { DATABASE_URL, REDIS_URL: testRedisUrl(), ORDERLY_QUEUE_PREFIX: `keys-${process.pid}` },
    args: ['--data-dir', dataFolder],
  });
  const keys = (...args: readonly string[]): Promise<Ran> => gatewayKeys(stack.ready.databaseUrl, ...args);
  const list = async (): Promise<{ readonly id: string; readonly state: string }[]> =>
    JSON.parse((await keys('list', '--json')).stdout) as { id: string; state: string }[];

  it('can be created, listed and revoked while the stack runs, and their secrets are never shown again', async () => {
    const create = ['create', '--name', 'shop', '--scopes', 'ops:read', '--requests-per-minute', '1000'];
    const made = await npmRunKeys(...create, '--data-dir', dataFolder);
    expect(made.stdout.trim().split('\n')).toHaveLength(1);
    const { id, key } = JSON.parse(made.stdout) as { id: string; key: string };
    expect(await statusFor(stack, key)).toBe(200);

    const table = (await keys('list')).stdout;
    expect(table).toMatch(new RegExp(`^shop +active +${key.slice(0, 16)} +ops:read .* 1000 +${id}$`, 'm'));
    expect(table).not.toContain(key.slice(-40));

    const revoke = ['revoke', key.slice(0, 16), '--reason', 'a test'];
    const revoked = await keys(...revoke);
    expect(JSON.parse(revoked.stdout)).toMatchObject({ id, name: 'shop', changed: true });
    await eventually(async () => expect(await statusFor(stack, key)).toBe(401));
    const { revokedAt } = JSON.parse(revoked.stdout) as { revokedAt: string };
    const again = await keys(...revoke);
    expect(JSON.parse(again.stdout)).toMatchObject({ id, revokedAt, changed: false });
    expect(again.stderr).toBe(
      `The key was already revoked at ${revokedAt}: nothing changed, and the new reason was not stored\n`,
    );
    expect((await list()).find((one) => one.id === id)).toMatchObject({ state: 'revoked' });
  });

  it('end a wrong call with one line that says why, and change nothing', async () => {
    const wrongCalls = [
      [['revoke', 'zzzzzzzz'], /^not-found: No key has this id or prefix. To show all keys, run: api-gateway keys list$/],
      [['create', '--name', 'x', '--scopes', 'everything'], /--scopes takes a list of events:write, /],
      [['create', '--name', 'x', '--scopes', 'ops:read', '--requests-per-minute', '0'], /--requests-per-minute takes a whole/],
      [['create', '--name', 'x', '--scopes', 'ops:read', '--expires-in-days', 'soon'], /--expires-in-days takes a number/],
      [['create', '--name', 'a\nb', '--scopes', 'ops:read'], /--name takes 1 to 200 printable characters$/],
    ] as const;
    const before = (await list()).map(({ id, state }) => ({ id, state }));
    for (const [args, complaint] of wrongCalls) {
      const { code, stdout, stderr } = await keys(...args);
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
      expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(complaint)]);
    }
    expect((await list()).map(({ id, state }) => ({ id, state }))).toEqual(before);
  });

  it('survive a restart, and only the owner may read the files with secrets', async () => {
    const { apiKey, databaseUrl, webhookSecrets } = stack.ready;
    const before = (await list()).length;
    for (const file of ['api-key.json', 'stack.json', 'webhook-secrets.json'])
      expect(statSync(join(dataFolder, file)).mode & 0o777).toBe(0o600);
    await stack.stop();
    expect(await npmRunKeys('list', `--data-dir=${dataFolder}`)).toMatchObject({
      code: 1,
      stderr: `No npm start is running in ${dataFolder}.\n`,
    });
    stack = await Stack.start(onFolder(databaseUrl));
    expect(stack.ready).toMatchObject({ apiKey, webhookSecrets });
    expect(Object.keys(webhookSecrets)).toEqual(['shopify', 'standard']);
    expect(await statusFor(stack, apiKey)).toBe(200);
    expect(await list()).toHaveLength(before);
  });
});

describe('the key of a stack without a data folder', () => {
  it('is revoked when the stack stops and the database remains', async () => {
    const { url } = await createTestDatabase();
    const environment = { DATABASE_URL: url, REDIS_URL: testRedisUrl(), ORDERLY_QUEUE_PREFIX: `own-${process.pid}` };
    const stack = await Stack.start({ environment });
    const isAccepted = await statusFor(stack, stack.ready.apiKey);
    await stack.stop();
    expect(isAccepted).toBe(200);
    const keys = JSON.parse((await gatewayKeys(url, 'list', '--json')).stdout) as { state: string }[];
    expect(keys).toEqual([expect.objectContaining({ state: 'revoked' })]);
  });
});
