import { spawnGuarded, type GuardedChild } from '@orderly/servers';
import { eventually } from '@orderly/testing';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const workspace = join(__dirname, '../../..');

/** What the stack writes into its ready file. */
export interface Ready {
  readonly gateway: string;
  readonly apiKey: string;
  readonly webhookSecrets: Readonly<Record<string, string>>;
  readonly admin: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, number>>;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly partners: { readonly erp: string; readonly wms: string };
  readonly mailbox: string;
}

export interface StackOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** The whole of Orderly as a process of its own, with all of its temporary files in one folder. */
export class Stack {
  readonly #child: GuardedChild;
  readonly #folder: string;
  readonly output: string[];

  private constructor(child: GuardedChild, folder: string, output: string[]) {
    this.#child = child;
    this.#folder = folder;
    this.output = output;
  }

  /** Starts it, whatever comes of it. */
  static async spawn({ environment = {}, args = [] }: StackOptions = {}): Promise<Stack> {
    const folder = mkdtempSync(join(tmpdir(), 'orderly-stack-test-'));
    chmodSync(folder, 0o755); // PostgreSQL may run as another user, whose own folder lies below
    const output: string[] = [];
    const child = await spawnGuarded(
      process.execPath,
      [join(workspace, 'dist/tools/stack/main.cjs'), '--no-demo', '--ready-file', join(folder, 'ready.json'), ...args],
      {
        environment: { ...machine(), TMPDIR: folder, ...environment },
        stopSignal: 'SIGINT',
        stopTimeoutMs: 12_000,
        removeFolder: folder,
        onOutput: (line) => output.push(line),
      },
    );
    return new Stack(child, folder, output);
  }

  /** Starts it and waits until all of it is ready. */
  static async start(options: StackOptions = {}): Promise<Stack> {
    const stack = await Stack.spawn({ ...options, args: ['--port', '0', ...(options.args ?? [])] });
    try {
      // It gives up by itself after a minute.
      await eventually(
        () => {
          if (!existsSync(stack.#readyFile) && stack.#child.isRunning()) throw new Error(`Not ready: ${stack.output.join('\n')}`);
        },
        { timeoutMs: 240_000, intervalMs: 50 },
      );
      if (!existsSync(stack.#readyFile)) throw new Error(`It ended: ${stack.output.join('\n')}`);
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  get #readyFile(): string {
    return join(this.#folder, 'ready.json');
  }

  /** As it is now: a service that was started again has another pid. */
  get ready(): Ready {
    return JSON.parse(readFileSync(this.#readyFile, 'utf8')) as Ready;
  }

  pidOf(service: string): number {
    return this.ready.pids[service]!;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#child.ended;
  }

  /** What it left in the folder for temporary files. */
  leftFiles(): string[] {
    return readdirSync(this.#folder);
  }

  /** Every process that still carries this stack's folder in its command line, environment or working folder. Linux alone tells. */
  processes(): { pid: number; command: string }[] {
    return readdirSync('/proc').flatMap((name) => {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid) return [];
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const marks = [command, readFileSync(`/proc/${name}/environ`, 'utf8'), readlinkSync(`/proc/${name}/cwd`)];
        return command !== '' && marks.some((mark) => mark.includes(this.#folder)) ? [{ pid, command }] : [];
      } catch {
        return []; // it has just ended, or is none of ours
      }
    });
  }

  /** As Ctrl-C does. Safe to call again. */
  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Sends it a signal and returns its exit code: 0 if it stopped within its own time limit. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    process.kill(this.#child.pid, signal);
    return (await this.#child.ended).code;
  }
}

/** The environment of this machine, without anything that steers Orderly or a test runner. */
export function machine(): NodeJS.ProcessEnv {
  const steering = /^(ORDERLY_|OTEL_|TEST_|JEST_|NODE_ENV$|NODE_OPTIONS$|DATABASE_|REDIS_|PARKED_|LOG_LEVEL$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !steering.test(name)));
}

/** Where a service was built to. */
export const builtService = (name: string): string => join(workspace, 'dist/apps', name);
