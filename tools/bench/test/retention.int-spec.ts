import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runBench } from '../src/run-bench';

async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const status = await runBench(args, {
    ...{ environment: process.env, stdout, stderr, interrupted: new AbortController().signal },
    migrationsFolder: join(__dirname, '../../../libs/migrations/sql'),
  });
  stdout.end();
  stderr.end();
  const [out, err] = await outputs;
  return { status, stdout: out, stderr: err };
}

describe('npm run bench', () => {
  it('explains itself, and each bench', async () => {
    expect(await run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('retention') });
    expect(await run('retention', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--rows') });
  });

  it('refuses a bench that it does not know, and a size out of bounds', async () => {
    expect(await run('nothing')).toMatchObject({ status: 2 });
    expect(await run('retention', '--rows', '1e12')).toMatchObject({ status: 2, stderr: expect.stringContaining('50000000') });
  });

  it('removes a made-up week of a tenth of the rows, then one of all, and shows what that costs', async () => {
    const { status, stdout } = await run('retention', '--rows', '2000');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Retention\n.*rows of each kind/);
    expect(stdout).toMatch(/^ +200 +event keys +200 /m);
    expect(stdout).toMatch(/^ +2,000 +event keys +2,000 /m);
    // Of four versions of each of 500 orders the newest stays, and the snapshot that it builds on; lanes go.
    expect(stdout).toMatch(/^ +2,000 +history of orders +1,500 /m);
    expect(stdout).toMatch(/^ +2,000 +partitions +8,000 /m);
    expect(stdout).toMatch(/while 2,000 are removed/);
  });
});
