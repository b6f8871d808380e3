import { buildSync } from 'esbuild';
import { eventually, freePort } from '@orderly/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp, type Setup } from './setup';

const folder = mkdtempSync(join(tmpdir(), 'orderly-cleanup-'));
const children: ChildProcess[] = [];

let cron: Setup;
beforeAll(() => {
  buildSync({
    entryPoints: ['main', 'instrumentation'].map((name) => join(__dirname, `../src/${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['pg-native'],
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  cron = await setUp();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await cron.close();
});

function start(words: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ['--require', join(folder, 'instrumentation.cjs'), join(folder, 'main.cjs'), ...words], {
    env: { PATH: process.env.PATH, ...env },
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output.stderr += text.toString()));
  return {
    child,
    output,
    ended: async () => {
      if (child.exitCode === null) await once(child, 'close');
      return { code: child.exitCode, ...output };
    },
  };
}

const nothingThere = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

describe('cleanup-cron run', () => {
  it('runs a task while Redis is away, prints one line, records the run and exits with 0', async () => {
    const env = { ...cron.env, REDIS_URL: `redis://${await nothingThere()}` };
    const { code, stdout, stderr } = await start(['run', 'rotate-logs'], env).ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^rotate-logs: 0 rows, 0 bytes, \d+ ms; created none; dropped none; kept none; orderRows 0\n$/);
    expect(await cron.runs()).toMatchObject([
      { task: 'rotate-logs', state: 'done', detail: { latency: { before: { redisMs: null } } } },
    ]);
    expect(await cron.db.query('select from jobs')).toEqual([]);
  });

  it('needs no REDIS_URL, and may run twice at once', async () => {
    const env = { DATABASE_URL: cron.env.DATABASE_URL };
    const ended = await Promise.all([1, 2].map(() => start(['run', 'expire-tokens'], env).ended()));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(await cron.runs()).toMatchObject([{ state: 'done' }, { state: 'done' }]);
  });

  it('exits with 1 and one line if PostgreSQL is away, the task fails, or the task is unknown', async () => {
    const away = { ...cron.env, DATABASE_URL: `postgres://nobody@${await nothingThere()}/nothing` };
    expect(await start(['run', 'expire-tokens'], away).ended()).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^database-unavailable: PostgreSQL does not answer at DATABASE_URL \(connect ECONNREFUSED .*\n$/,
      ),
    });
    await cron.db.query('drop function ensure_partitions');
    expect(await start(['run', 'rotate-logs'], cron.env).ended()).toMatchObject({ code: 1, stdout: '' });
    expect(await cron.runs()).toMatchObject([{ task: 'rotate-logs', state: 'failed' }]);
    const unknown = await start(['run', 'sweep-floor'], cron.env).ended();
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('Allowed choices are expire-tokens, expire-history, rotate-logs');
  });
});

describe('the process of cleanup-cron', () => {
  it('runs due tasks, exits with 0 on SIGTERM, and leaves no heartbeat', async () => {
    const { child, ended } = start([], cron.env);
    await eventually(async () => expect((await cron.runs()).map(({ state }) => state)).toEqual(['done', 'done', 'done']));
    child.kill('SIGTERM');
    expect(await ended()).toMatchObject({ code: 0, stderr: '' });
    expect(await cron.db.query('select from processes')).toEqual([]);
  });
});
