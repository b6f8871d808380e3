import { spawnGuarded, type GuardedChild } from '@orderly/servers';
import { eventually } from '@orderly/testing';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const workspace = join(__dirname, '../../..');

/** The content of the stack's ready file. */
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
  readonly alerts: string;
}

export interface StackOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** All of Orderly in a separate process, with all its temporary files in one folder. */
export class Stack {
  readonly #child: GuardedChild;
  readonly #folder: string;
  readonly output: string[];

  private constructor(child: GuardedChild, folder: string, output: string[]) {
    this.#child = child;
    this.#folder = folder;
    this.output = output;
  }

  /** Starts the process without waiting for its result. */
  static async spawn({ environment = {}, args = [] }: StackOptions = {}): Promise<Stack> {
    const folder = mkdtempSync(join(tmpdir(), 'orderly-stack-test-'));
    chmodSync(folder, 0o755); // PostgreSQL may run as another user, who must reach its folder inside this one
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

  /** Starts the stack and waits until all services are ready. */
  static async start(options: StackOptions = {}): Promise<Stack> {
    const stack = await Stack.spawn({ ...options, args: ['--port', '0', ...(options.args ?? [])] });
    try {
      // The stack itself gives up after a minute.
      await eventually(
        () => {
          if (!existsSync(stack.#readyFile) && stack.#child.isRunning())
            throw new Error(`The stack is not ready: ${stack.output.join('\n')}`);
        },
        { timeoutMs: 240_000, intervalMs: 50 },
      );
      if (!existsSync(stack.#readyFile)) throw new Error(`The stack exited: ${stack.output.join('\n')}`);
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  get #readyFile(): string {
    return join(this.#folder, 'ready.json');
  }

  /** The present pid of a service. It changes when the service is restarted. */
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

  /** The files that the stack has left in its folder. */
  leftFiles(): string[] {
    return readdirSync(this.#folder);
  }

  /** Finds processes with this stack's folder in their command line, environment or working folder. Works on Linux only. */
  processes(): { pid: number; command: string }[] {
    return readdirSync('/proc').flatMap((name) => {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid) return [];
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const marks = [command, readFileSync(`/proc/${name}/environ`, 'utf8'), readlinkSync(`/proc/${name}/cwd`)];
        return command !== '' && marks.some((mark) => mark.includes(this.#folder)) ? [{ pid, command }] : [];
      } catch {
        return []; // the process has just ended, or belongs to another user
      }
    });
  }

  /** Stops the stack as Ctrl-C does. Safe to call again. */
  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Sends a signal and returns the exit code, which is 0 if the stack stopped within its own time limit. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    process.kill(this.#child.pid, signal);
    return (await this.#child.ended).code;
  }
}

/** The environment of this machine, without variables that configure Orderly or a test runner. */
export function machine(): NodeJS.ProcessEnv {
  const steering = /^(ORDERLY_|OTEL_|TEST_|JEST_|NODE_ENV$|NODE_OPTIONS$|DATABASE_|REDIS_|PARKED_|LOG_LEVEL$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !steering.test(name)));
}

/** The built program of a service. */
export const builtService = (name: string): string => join(workspace, 'dist/apps', name);
