import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '../../../..');

/** A worker as it is deployed, for tests that kill a real process. */
export interface WorkerBundle {
  /** Starts a process of the worker. */
  start(env: Readonly<Record<string, string>>): WorkerChild;
  /** Kills the processes that still run, and removes the bundle. */
  remove(): Promise<void>;
}

export interface WorkerChild {
  /** `SIGSTOP`: it stands still, as a machine that is suspended or out of memory makes it, and its connections stay open. */
  freeze(): void;
  /** `SIGCONT` */
  thaw(): void;
  /** Sends `SIGKILL`, and resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Builds an app as a release does, into a folder of its own within the workspace: npm packages stay outside of the bundle. */
export async function bundleWorker(app: string): Promise<WorkerBundle> {
  const parent = join(root, 'node_modules/.cache');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `orderly-${app}-`));
  await promisify(execFile)(process.execPath, ['tools/scripts/build.mjs', `apps/${app}`, folder], { cwd: root });

  const children: ChildProcess[] = [];
  const kill = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return {
    start: (env) => {
      const child = spawn(process.execPath, ['--require', join(folder, 'instrumentation.cjs'), join(folder, 'main.cjs')], {
        env: { PATH: process.env.PATH, ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      children.push(child);
      return {
        freeze: () => void child.kill('SIGSTOP'),
        thaw: () => void child.kill('SIGCONT'),
        kill: () => kill(child),
      };
    },
    remove: async () => {
      await Promise.all(children.map(kill));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
