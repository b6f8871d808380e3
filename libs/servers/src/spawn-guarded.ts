import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export type GuardOptions = {
  environment: NodeJS.ProcessEnv;
  /** The user that the command runs as. Only root may choose another one. @defaultValue the current user */
  user?: { uid: number; gid: number };
  cwd?: string;
  /** The signal that asks the command to stop: SIGTERM, or SIGINT for PostgreSQL's fast shutdown. */
  stopSignal: 'SIGTERM' | 'SIGINT';
  /** How long the command may take to stop before it is killed. */
  stopTimeoutMs: number;
  /** A folder that the guard removes if this process dies before it has stopped the child. */
  removeFolder?: string;
  /** Receives the output of the child, line by line. */
  onOutput?: (line: string) => void;
};

export type GuardedChild = {
  readonly pid: number;
  /** Resolves when the child has ended, for any reason. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  isRunning(): boolean;
  /** Asks the child to stop, and kills it if it takes too long. Safe to call again. */
  stop(): Promise<void>;
  /** Kills the child at once. */
  kill(): void;
};

/**
 * Runs a command in a session of its own. So Ctrl-C in the terminal reaches only this process, which decides the order in which
 * its children stop. A small shell beside the command waits on a pipe from this process, and stops the command if this process
 * dies. The command keeps the pid that is returned.
 */
export async function spawnGuarded(command: string, args: string[], options: GuardOptions): Promise<GuardedChild> {
  const seconds = String(Math.ceil(options.stopTimeoutMs / 1000));
  const child = spawn(
    '/bin/sh',
    ['-c', guardScript, 'guard', options.stopSignal.slice(3), seconds, options.removeFolder ?? '', command, ...args],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: options.environment,
      cwd: options.cwd,
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
    },
  );
  const guard = child.stdio[3] as Writable;
  guard.on('error', () => undefined); // the guard may have ended already
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    createInterface({ input: stream }).on('line', (line) => options.onOutput?.(line));
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      guard.end('ended\n');
      resolve({ code, signal });
    });
  });
  await spawned(child);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;

  let stopping: Promise<void> | undefined;
  async function stopOnce(): Promise<void> {
    if (!isRunning()) return;
    child.kill(options.stopSignal);
    const timer = setTimeout(() => kill(), options.stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  }
  function kill(): void {
    if (isRunning()) child.kill('SIGKILL');
  }
  return { pid: child.pid as number, ended, isRunning, stop: () => (stopping ??= stopOnce()), kill };
}

// $1 signal, $2 seconds, $3 folder to remove or nothing, then the command. `$$` is this shell's pid, which the command inherits
// by exec. A process that ends at once starts the guard, so that the guard is no child of the command, which would have to reap
// it.
const guardScript = `
signal=$1 seconds=$2 folder=$3; shift 3
( ( if read -r _ <&3; then exit 0; fi
    kill -s "$signal" $$ 2>/dev/null
    looks=$((seconds * 5))
    while [ "$looks" -gt 0 ] && kill -0 $$ 2>/dev/null; do sleep 0.2 || sleep 1; looks=$((looks - 1)); done
    kill -s KILL $$ 2>/dev/null
    [ -z "$folder" ] || rm -rf "$folder"
  ) >/dev/null 2>&1 & )
exec 3<&-
exec "$@"
`;

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}
