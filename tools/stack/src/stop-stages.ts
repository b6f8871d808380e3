/** What has been started, so that it can be stopped in reverse order, also when the start is broken off in the middle. */
export class StopStages {
  readonly #stages: (() => Promise<unknown>)[] = [];
  readonly #stopRequested: AbortSignal;

  constructor(stopRequested: AbortSignal) {
    this.#stopRequested = stopRequested;
  }

  /** Has `stop` called when the stack stops. */
  add(stop: () => unknown): void {
    this.#stages.push(async () => stop());
  }

  /**
   * Waits for something that is being started and has it stopped later, even if it comes after the stack was told to stop.
   * @throws StopRequested when that happens while it waits.
   */
  async started<T>(starting: Promise<T>, stop: (started: T) => unknown): Promise<T> {
    this.add(() => starting.then(stop, () => undefined));
    return this.unlessStopped(starting);
  }

  /** @throws StopRequested when the stack is told to stop first. */
  unlessStopped<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined); // it may fail after nobody waits for it any more
    return Promise.race([work, this.untilStopRequested().then(() => Promise.reject(new StopRequested()))]);
  }

  untilStopRequested(): Promise<void> {
    const signal = this.#stopRequested;
    return signal.aborted
      ? Promise.resolve()
      : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /** Stops everything, last first. What fails to stop does not keep the rest from it. */
  async stopAll(): Promise<void> {
    for (let stage = this.#stages.pop(); stage; stage = this.#stages.pop()) await stage().catch(() => undefined);
  }
}

/** The person at the terminal changed their mind: nothing has failed. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested';
}
