import { RetryableError } from '@orderly/errors';

/** The time limit of one attempt. */
export interface Deadline {
  /** Aborted at the limit, or when the process stops or may no longer act. Its reason is the error of the attempt. */
  readonly signal: AbortSignal;
  /** Stops the timer and the listeners. Without it, every attempt would leak a listener on the process's signals. */
  clear(): void;
}

/** Starts a signal that aborts after `timeoutMs` (`job-timeout`), or with the reason of the first of `stopSignals` to abort. */
export function startDeadline(timeoutMs: number, stopSignals: readonly AbortSignal[]): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new RetryableError('job-timeout', `The handler took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onStop = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  for (const signal of stopSignals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener('abort', onStop, { once: true });
  }
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      for (const signal of stopSignals) signal.removeEventListener('abort', onStop);
    },
  };
}

/**
 * Waits for a handler, but only {@link abortGraceMs} longer after its signal was aborted. Otherwise a handler that ignores its
 * signal would keep its slot for ever.
 *
 * @param onGivenUp - makes the error for a handler that did not end in time
 */
export async function withinGrace<Result>(work: Promise<Result>, signal: AbortSignal, onGivenUp: () => Error): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    onAbort = () => (timer = setTimeout(() => reject(onGivenUp()), abortGraceMs));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** How long a handler may go on after its signal was aborted, in ms. Then its slot is free again. */
const abortGraceMs = 5000;
