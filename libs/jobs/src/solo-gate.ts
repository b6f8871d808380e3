/** Lets jobs run side by side, but one that took its process down before runs alone: then only it can be to blame. */
export interface SoloGate {
  /** Resolves when the job may run; call the returned function when it has ended. */
  enter(alone: boolean): Promise<() => void>;
  /** Whether a job that has to run alone runs, or waits to. */
  hasSuspect(): boolean;
}

export function createSoloGate(): SoloGate {
  const waiting: { readonly alone: boolean; readonly admit: () => void }[] = [];
  let running = 0;
  let isAlone = false;

  return {
    enter: (alone) =>
      new Promise((resolve) => {
        const leave = (): void => {
          running -= 1;
          isAlone = false;
          admitNext();
        };
        const admit = (): void => {
          running += 1;
          isAlone = alone;
          resolve(leave);
        };
        waiting.push({ alone, admit });
        admitNext();
      }),
    hasSuspect: () => isAlone || waiting.some(({ alone }) => alone),
  };

  // First come, first served: a job that must run alone is not overtaken for ever by those that need not.
  function admitNext(): void {
    for (let next = waiting[0]; next && !isAlone && (!next.alone || running === 0); next = waiting[0]) {
      waiting.shift();
      next.admit();
    }
  }
}
