import { done } from '@orderly/jobs';
import { eventually } from '@orderly/testing';
import { buildSync } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';
import { buildErpWorker, insertJobs, readJobs } from './erp-worker';

// Within the workspace, because npm packages stay outside of the bundle.
const cache = join(__dirname, '../../../node_modules/.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'orderly-doomed-worker-'));
const program = join(folder, 'doomed-worker.cjs');
const children: ChildProcess[] = [];
let fixture: WorkerFixture;

beforeAll(async () => {
  buildSync({
    entryPoints: [join(__dirname, 'fixtures/doomed-worker.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['pg', 'pg-native', 'bullmq', 'ioredis', 'pino', 'fastify', 'drizzle-orm', '@opentelemetry/*'],
    logLevel: 'error',
  });
  fixture = await createWorkerFixture();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await fixture.close();
  rmSync(folder, { recursive: true });
});

describe('kill -9 of a worker in the middle of its jobs', () => {
  it('loses no job: another worker takes over once the heartbeat is stale, with one crash and no attempt used', async () => {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ...fixture.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ids = await insertJobs(fixture, 10);
    await eventually(() => expect(output.trim().split('\n').sort()).toEqual(ids));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killedAt = Date.now();

    const ranAlone: boolean[] = [];
    let running = 0;
    await fixture.run(
      buildErpWorker(fixture.env, async () => {
        running += 1;
        ranAlone.push(running === 1);
        await new Promise(setImmediate);
        running -= 1;
        return done({ resultVersion: 1 });
      }),
    );
    await eventually(
      async () => {
        expect(await readJobs(fixture, ids)).toEqual(
          ids.map(() => ({ state: 'ended', outcome: 'done', wait_reason: null, attempts_used: 1, crashes: 1 })),
        );
      },
      { intervalMs: 100 },
    );
    expect(Date.now() - killedAt).toBeGreaterThan(6000);
    expect(ranAlone).toEqual(ids.map(() => true));
    for (const id of ids) {
      const attempts = await fixture.attempts(id);
      expect(attempts[0]).toMatchObject({ outcome: 'lost', used_attempt: false });
      expect(attempts.at(-1)).toMatchObject({ outcome: 'done', used_attempt: true });
      expect(attempts.filter(({ used_attempt }) => used_attempt)).toHaveLength(1);
    }
  });
});
