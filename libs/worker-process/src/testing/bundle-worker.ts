import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../../..');

/** A worker as it is deployed: for what only the death of a real process can show. */
export interface WorkerBundle {
  /** Starts a process of it. */
  start(env: Readonly<Record<string, string>>): WorkerChild;
  /** Kills what still runs, and removes the bundle. */
  remove(): Promise<void>;
}

export interface WorkerChild {
  /** `SIGSTOP`: it stands still, as a machine that is suspended or out of memory makes it, and its connections stay open. */
  freeze(): void;
  /** `SIGCONT` */
  thaw(): void;
  /** `SIGKILL`: resolves when the process is gone. */
  kill(): Promise<void>;
}

/**
 * Bundles an app's entry points into a folder of its own within the workspace, as npm packages stay outside of the bundle.
 *
 * @param assets folders of the workspace that the bundle finds beside it
 */
export async function bundleWorker(app: string, assets: Readonly<Record<string, string>> = {}): Promise<WorkerBundle> {
  const parent = join(root, 'node_modules/.cache');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `orderly-${app}-`));
  await build({
    entryPoints: ['main', 'instrumentation'].map((name) => join(root, 'apps', app, 'src', `${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    plugins: [
      {
        name: 'npm-packages-stay-outside',
        setup: (esbuild) =>
          esbuild.onResolve({ filter: /^[^./]/ }, ({ path }) =>
            path.startsWith('@orderly/') ? undefined : { path, external: true },
          ),
      },
    ],
  });
  for (const [from, to] of Object.entries(assets)) cpSync(join(root, from), join(folder, to), { recursive: true });

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
