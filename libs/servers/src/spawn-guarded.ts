import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export type GuardOptions = {
  environment: NodeJS.ProcessEnv;
  /** Who it runs as; the current user when absent. Only root can change it. */
  user?: { uid: number; gid: number };
  cwd?: string;
  /** How it is asked to stop: SIGTERM, or SIGINT for PostgreSQL's fast shutdown. */
  stopSignal: 'SIGTERM' | 'SIGINT';
  /** How long it has to stop after being asked; then it is killed. */
  stopTimeoutMs: number;
  /** Removed by the guard if this process dies without having stopped the child. */
  removeFolder?: string;
  /** Gets what the child prints, line by line. */
  onOutput?: (line: string) => void;
};

export type GuardedChild = {
  readonly pid: number;
  /** Settles when the child has ended, however it did. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Whether it still runs. */
  isRunning(): boolean;
  /** Asks it to stop, and kills it when it takes too long. Safe to call again. */
  stop(): Promise<void>;
  /** Kills it now. */
  kill(): void;
};

/**
 * Runs a command in a session of its own, so that the terminal's Ctrl-C reaches only us and we decide the order in which things
 * end; and beside it a small shell that waits on a pipe from us and ends the command if we die without a word.
 * The command keeps the pid that is reported here.
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
  guard.on('error', () => undefined); // it may be gone already: nothing left to tell it
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

// $1 signal, $2 seconds, $3 folder to remove or nothing, then the command. `$$` is this shell's pid, which the command takes
// over with exec. The guard is made by a process that ends at once, so that the command never meets a child it does not know.
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
