import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawnGuarded, type GuardOptions } from '../src/spawn-guarded';
import { waitUntil } from '../src/wait-until';

const options: GuardOptions = { environment: { PATH: process.env.PATH }, stopSignal: 'SIGTERM', stopTimeoutMs: 2_000 };

describe('a guarded child', () => {
  it('has the returned pid, passes its output on and ends with its own code', async () => {
    const lines: string[] = [];
    const child = await spawnGuarded('sh', ['-c', 'echo "I am $$"; exit 3'], {
      ...options,
      onOutput: (line) => lines.push(line),
    });
    expect(await child.ended).toEqual({ code: 3, signal: null });
    await until(() => lines.length > 0);
    expect(lines).toEqual([`I am ${child.pid}`]);
    expect(child.isRunning()).toBe(false);
  });

  it('is asked to stop, and killed if it does not', async () => {
    const obedient = await spawnGuarded('sleep', ['60'], options);
    await obedient.stop();
    expect(await obedient.ended).toEqual({ code: null, signal: 'SIGTERM' });

    const lines: string[] = [];
    const deaf = await spawnGuarded('sh', ['-c', 'trap "" TERM; echo deaf; while :; do sleep 1; done'], {
      ...options,
      stopTimeoutMs: 100,
      onOutput: (line) => lines.push(line),
    });
    await until(() => lines.length > 0); // before this line it would still obey the signal
    await Promise.all([deaf.stop(), deaf.stop()]);
    expect(await deaf.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('keeps its folder when it ends before its parent', async () => {
    const removeFolder = mkdtempSync(join(tmpdir(), 'guarded-'));
    const child = await spawnGuarded('true', [], { ...options, removeFolder });
    await child.ended;
    await until(() => !isAliveGroup(child.pid));
    expect(existsSync(removeFolder)).toBe(true);
  });

  it('ends when its parent is killed, and its folder is removed', async () => {
    const removeFolder = mkdtempSync(join(tmpdir(), 'guarded-'));
    const parent = spawn(
      join(dirname(createRequire(__filename).resolve('node/package.json')), 'bin', 'node'),
      ['-e', parentProgram, join(__dirname, '../src/spawn-guarded.ts'), removeFolder],
      { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH } },
    );
    const pid = Number(await new Promise<string>((resolve) => createInterface({ input: parent.stdout }).once('line', resolve)));
    expect(isAliveGroup(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !existsSync(removeFolder));
  });
});

const parentProgram = `
  const [file, removeFolder] = process.argv.slice(1);
  import(file).then(async ({ spawnGuarded }) => {
    const options = { environment: process.env, stopSignal: 'SIGTERM', stopTimeoutMs: 1000, removeFolder };
    const child = await spawnGuarded('sleep', ['60'], options);
    console.log(child.pid);
    setInterval(() => {}, 1000);
  });
`;

// The child leads a process group, which includes its guard.
function isAliveGroup(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

const until = (condition: () => boolean): Promise<void> =>
  waitUntil(() => (condition() ? Promise.resolve() : Promise.reject(new Error('not yet'))), { timeoutMs: 60_000 });
