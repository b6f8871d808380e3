/**
 * Lets jobs run side by side. A suspect, which was lost with its process, starts alone: if the process dies again, only the
 * suspect was starting. Other work is kept out for a bounded time, and then has its turn for at least as long.
 */
export interface SoloGate {
  /** Resolves when the job may run; call the returned function when it has ended. */
  enter(): Promise<() => void>;
  /** The same for a suspect; undefined while it is not a suspect's turn. */
  enterAlone(): Promise<() => void> | undefined;
}

/**
 * How long a suspect is alone, in ms. A job that has run for so long without harm neither keeps others out nor is waited for. If
 * this is too short, a job that kills its process later charges its neighbours with a crash; if it is too long, a slow destination
 * delays all others.
 */
const aloneMs = 1000;

/** A time during which other work is kept out. */
interface Closure {
  readonly since: number;
}

export function createSoloGate(): SoloGate {
  /** When each running job started, in that order. */
  const starts = new Set<{ readonly at: number }>();
  let waiting: (() => void)[] = [];
  let closure: Closure | undefined;
  let nextSuspectAt = 0;
  let onLeave = (): void => undefined;

  return {
    enter: () =>
      new Promise((resolve) => {
        const admit = (): void => resolve(start());
        if (closure) waiting.push(admit);
        else admit();
      }),
    enterAlone: () => {
      if (closure || performance.now() < nextSuspectAt) return undefined;
      closure = { since: performance.now() };
      return startAlone(closure);
    },
  };

  function start(): () => void {
    const entry = { at: performance.now() };
    starts.add(entry);
    return () => {
      starts.delete(entry);
      onLeave();
    };
  }

  async function startAlone(own: Closure): Promise<() => void> {
    await othersAreHarmless();
    const leave = start();
    const opening = setTimeout(() => open(own), aloneMs);
    return () => {
      leave();
      clearTimeout(opening);
      open(own);
    };
  }

  /** Resolves when each job that runs has ended, or has run for {@link aloneMs}. */
  async function othersAreHarmless(): Promise<void> {
    const youngest = [...starts].at(-1);
    if (!youngest) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(youngest.at + aloneMs - performance.now(), 0));
    onLeave = () => {
      const oldest = performance.now() - aloneMs;
      if (![...starts].some(({ at }) => at > oldest)) resolve();
    };
    await promise;
    clearTimeout(timer);
    onLeave = () => undefined;
  }

  function open(own: Closure): void {
    if (closure !== own) return;
    closure = undefined;
    nextSuspectAt = performance.now() + (performance.now() - own.since);
    const admitted = waiting;
    waiting = [];
    for (const admit of admitted) admit();
  }
}
