import { spawnGuarded, type GuardedChild } from '@orderly/servers';
import { setTimeout as pause } from 'node:timers/promises';
import { openServiceLog, type Remark } from './service-log';

/** On a large machine V8 lets young objects take far more memory than these services need, in MB. */
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
  /** It ended though nobody asked it to, and will be started again after `delayMs`. */
  onDeath: (how: string, delayMs: number) => void;
  /** It is ready again, under another pid. */
  onReturn: (pid: number) => void;
};

/** One service as a process that is started again whenever it dies. */
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

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /**
   * Starts it and waits until it is ready; from then on it is kept alive.
   * @throws Error with one line when it ends instead, or is not ready in a minute.
   */
  async start(): Promise<void> {
    const child = await this.#spawn();
    await this.#readiness(child, 60_000);
    void this.#keepAlive(child);
  }

  /** Asks it to finish or hand back what it does. Safe to call again, and while it is being restarted. */
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
      // Above SHUTDOWN_TIMEOUT_MS of the stack, below the ten seconds in which everything has to be gone.
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

  // Ends only when the stack stops. A service that dies again and again waits longer each time, at most ten seconds.
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
        return; // told to stop while it waited
      }
      child = await this.#spawn();
      const { pid } = child;
      void this.#readiness(child, 60_000).then(
        () => this.#options.onReturn(pid),
        () => undefined, // its death, if that is the reason, is told above
      );
    }
  }

  // A service that cannot start says so itself, and names itself.
  #complaint(what: string): string {
    const word = this.#log.lastWord();
    return word?.startsWith(this.name) ? word : `${this.name} ${what}: ${word ?? 'it gives no reason'}`;
  }

  #reason(): string {
    const word = this.#log.lastWord();
    return word === undefined ? '' : `: ${word}`;
  }
}
