import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runBench } from '../src/run-bench';

/** Runs a bench in this process, and keeps what it writes. */
export async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
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
