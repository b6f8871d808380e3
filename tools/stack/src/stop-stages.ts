/** Records started parts and stops them in reverse order, also if the start is interrupted. */
export class StopStages {
  readonly #stages: (() => Promise<unknown>)[] = [];
  readonly #stopRequested: AbortSignal;

  constructor(stopRequested: AbortSignal) {
    this.#stopRequested = stopRequested;
  }

  /** Registers `stop` to be called when the stack stops. */
  add(stop: () => unknown): void {
    this.#stages.push(async () => stop());
  }

  /**
   * Waits for a part that is starting, and stops it later, even if it becomes ready after the stop was requested.
   * @throws StopRequested if a stop is requested during the wait.
   */
  async started<T>(starting: Promise<T>, stop: (started: T) => unknown): Promise<T> {
    this.add(() => starting.then(stop, () => undefined));
    return this.unlessStopped(starting);
  }

  /** @throws StopRequested if a stop is requested first. */
  unlessStopped<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined); // it may fail after the wait is over
    return Promise.race([work, this.untilStopRequested().then(() => Promise.reject(new StopRequested()))]);
  }

  untilStopRequested(): Promise<void> {
    const signal = this.#stopRequested;
    return signal.aborted
      ? Promise.resolve()
      : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /** Stops all parts, last first. If one fails to stop, the others still stop. */
  async stopAll(): Promise<void> {
    for (let stage = this.#stages.pop(); stage; stage = this.#stages.pop()) await stage().catch(() => undefined);
  }
}

/** A stop was requested during the start. This is not a failure. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested';
}
