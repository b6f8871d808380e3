import { RetryableError } from '@orderly/errors';

/** The signal of one attempt. */
export interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

/** Aborts at the timeout, and when one of the signals does, with its reason. */
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
 * A handler that does not heed its signal must not keep its slot for ever.
 *
 * @param onGivenUp what its silence means
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

/** How long a handler may go on after its signal was aborted before the runtime stops waiting for it, in ms. */
const abortGraceMs = 5000;
