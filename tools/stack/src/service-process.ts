import { spawnGuarded, type GuardedChild } from '@orderly/servers';
import { setTimeout as pause } from 'node:timers/promises';
import { openServiceLog, type Remark } from './service-log';

/** In MB. On a large machine, V8's default for young objects takes far more memory than these services need. */
const nodeFlags = ['--enable-source-maps', '--max-semi-space-size=16'];

export type ServiceOptions = {
  name: string;
  node: string;
  /** The folder of `main.cjs` and `instrumentation.cjs`. */
  folder: string;
  adminUrl: string;
  environment: NodeJS.ProcessEnv;
  logFolder: string;
  onRemark: (remark: Remark) => void;
  /** The process ended unexpectedly and will be restarted after `delayMs`. */
  onDeath: (how: string, delayMs: number) => void;
  /** The process is ready again, with a new pid. */
  onReturn: (pid: number) => void;
};

/** One service as a process that is restarted whenever it dies. */
export class ServiceProcess {
  readonly #options: ServiceOptions;
  readonly #log;
  readonly #stopped = new AbortController();
  #child: GuardedChild | undefined;
  #deaths = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#log = openServiceLog(options.logFolder, options.name, options.onRemark);
  }

  get name(): string {
    return this.#options.name;
  }

  get adminUrl(): string {
    return this.#options.adminUrl;
  }

  /** The pid of the current process, or of the last one. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /**
   * Starts the process, waits until it is ready, and restarts it from then on.
   * @throws Error with a one-line message if it ends, or is not ready within a minute.
   */
  async start(): Promise<void> {
    const child = await this.#spawn();
    await this.#readiness(child, 60_000);
    void this.#keepAlive(child);
  }

  /** Asks the process to finish or hand back its work. Idempotent, and safe during a restart. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#child?.stop();
    await this.#log.close();
  }

  kill(): void {
    this.#stopped.abort();
    this.#child?.kill();
  }

  async #spawn(): Promise<GuardedChild> {
    const { node, folder, environment } = this.#options;
    this.#child = await spawnGuarded(node, [...nodeFlags, '--require', `${folder}/instrumentation.cjs`, `${folder}/main.cjs`], {
      environment,
      stopSignal: 'SIGTERM',
      // More than the stack's SHUTDOWN_TIMEOUT_MS, less than the ten seconds in which everything must stop.
      stopTimeoutMs: 7_500,
      onOutput: this.#log.write,
    });
    if (this.#stopped.signal.aborted) this.#child.kill();
    return this.#child;
  }

  async #readiness(child: GuardedChild, timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!(await this.#isReady())) {
      if (!child.isRunning()) throw new Error(this.#complaint('did not start'));
      if (Date.now() > end) throw new Error(this.#complaint(`is not ready after ${timeoutMs / 1000} s`));
      await pause(50);
    }
  }

  async #isReady(): Promise<boolean> {
    try {
      const { ok } = await fetch(`${this.adminUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
      return ok;
    } catch {
      return false;
    }
  }

  // Ends only when the stack stops. Each death doubles the delay before the next start, up to ten seconds.
  async #keepAlive(first: GuardedChild): Promise<void> {
    let child = first;
    for (;;) {
      const startedAt = Date.now();
      const { code, signal } = await child.ended;
      if (this.#stopped.signal.aborted) return;
      this.#deaths = Date.now() - startedAt > 30_000 ? 1 : this.#deaths + 1;
      const delayMs = this.#deaths === 1 ? 0 : Math.min(500 * 2 ** (this.#deaths - 2), 10_000);
      this.#options.onDeath(signal ? `was killed (${signal})` : `ended with ${code}${this.#reason()}`, delayMs);
      try {
        await pause(delayMs, undefined, { signal: this.#stopped.signal });
      } catch {
        return; // stopped during the delay
      }
      child = await this.#spawn();
      const { pid } = child;
      void this.#readiness(child, 60_000).then(
        () => this.#options.onReturn(pid),
        () => undefined, // if the process died, onDeath reports it above
      );
    }
  }

  // A service that cannot start usually prints a line with its own name.
  #complaint(what: string): string {
    const word = this.#log.lastWord();
    return word?.startsWith(this.name) ? word : `${this.name} ${what}: ${word ?? 'it printed no reason'}`;
  }

  #reason(): string {
    const word = this.#log.lastWord();
    return word === undefined ? '' : `: ${word}`;
  }
}
