import { ShutdownError } from '@orderly/errors';

/** A part that is started once and stopped once: a pool, a server, a worker, or a whole process of these. */
export interface Service {
  readonly name: string;
  /** Resolves when the service is running. Rejects with ShutdownError if it is stopped before that. */
  start(): Promise<void>;
  /** Resolves when everything is released. Idempotent, and safe before, during and after `start`. */
  stop(): Promise<void>;
  /** The parts that are not stopped yet, for the log line about an exceeded deadline. */
  unstopped?(): readonly string[];
}

/** The two operations of a service; `createService` ensures that they are called at the right time. */
export interface ServiceParts {
  readonly name: string;
  /** @param signal aborted if the service is stopped during the start; a start that waits must observe it, or the stop hangs */
  start(signal: AbortSignal): Promise<void>;
  /** Called at most once, after `start` has settled, and also after a failed start. */
  stop(): Promise<void>;
  unstopped?(): readonly string[];
}

/** Creates a service that keeps the guarantees of {@link Service}, from operations without them. It cannot be restarted. */
export function createService(parts: ServiceParts): Service {
  const { name } = parts;
  const stopRequest = new AbortController();
  let running: Promise<void> | undefined;
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      stopRequest.abort(new ShutdownError(`${name} is stopping`));
      if (running === undefined) return;
      // The caller of `start` gets this error.
      await running.catch(() => undefined);
      await parts.stop();
    })();
    return stopped;
  };

  const start = async (): Promise<void> => {
    stopRequest.signal.throwIfAborted();
    try {
      running = parts.start(stopRequest.signal);
      await running;
      stopRequest.signal.throwIfAborted();
    } catch (error) {
      // The first error is the cause. An error during the clean-up would only hide it.
      await stop().catch(() => undefined);
      throw error;
    }
  };

  return {
    name,
    start: () => (started ??= start()),
    stop,
    unstopped: () => parts.unstopped?.() ?? [name],
  };
}
