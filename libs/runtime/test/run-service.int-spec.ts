import { buildSync } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'orderly-runtime-'));
const program = join(folder, 'process.cjs');
const children: ChildProcess[] = [];

beforeAll(() => {
  const entry = join(__dirname, 'fixtures/process.ts');
  buildSync({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const run = (...behaviour: string[]) => {
  const child = spawn(process.execPath, [program, ...behaviour]);
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output.stderr += text.toString()));
  return {
    says: async (text: string) => {
      while (!output.stdout.includes(text)) await once(child.stdout, 'data');
    },
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    exit: async () => {
      if (child.exitCode === null) await once(child, 'close');
      return { code: child.exitCode, ...output };
    },
  };
};

describe('runService', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops on %s, flushes and exits with 0', async (signal) => {
    const process = run('work');
    await process.says('sample has started');
    process.signal(signal);
    const { code, stdout } = await process.exit();
    expect(code).toBe(0);
    expect(stdout).toContain('"flushed"');
  });

  it('stops a starting service and exits with 0', async () => {
    const process = run('wait-in-start');
    await process.says('up');
    process.signal('SIGTERM');
    const { code, stderr } = await process.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('does not wait for ever for a start that ignores its signal', async () => {
    const process = run('hang-in-start');
    await process.says('up');
    process.signal('SIGTERM');
    const { code, stdout } = await process.exit();
    expect(stdout).toContain('"unstopped":["work"]');
    expect(code).toBe(1);
  });

  it('exits with 1 after the deadline and names the parts that hang', async () => {
    const process = run('hang-in-stop');
    await process.says('sample has started');
    process.signal('SIGTERM');
    const { code, stdout } = await process.exit();
    expect(code).toBe(1);
    expect(stdout).toContain('"message":"Stop exceeded its deadline","unstopped":["work"]');
  });

  it('ends at once on a second signal', async () => {
    const process = run('hang-in-stop', 'long');
    await process.says('sample has started');
    process.signal('SIGTERM');
    await process.says('sample is stopping');
    process.signal('SIGINT');
    expect((await process.exit()).code).toBe(130);
  });

  it('logs an unhandled rejection, stops and exits with 1', async () => {
    const { code, stdout } = await run('throw').exit();
    expect(code).toBe(1);
    expect(stdout).toContain('"origin":"unhandledRejection","error":"nobody awaits this"');
    expect(stdout).toContain('"flushed"');
  });

  it('prints one line with the reason if it cannot start', async () => {
    const { code, stderr } = await run('fail-with-code').exit();
    expect(code).toBe(1);
    expect(stderr).toBe('sample cannot start: redis-eviction-policy: Redis may evict keys\n');
  });

  it('logs a bug that prevents the start', async () => {
    const { code, stdout } = await run('fail-with-bug').exit();
    expect(code).toBe(1);
    expect(stdout).toContain('"message":"sample cannot start","error":"a bug"');
  });
});

describe('runMain', () => {
  it('prints the faults of the configuration in one line', async () => {
    const { code, stdout, stderr } = await run('misconfigured').exit();
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: 'configuration-invalid: DATABASE_URL is not set\n' });
  });
});
