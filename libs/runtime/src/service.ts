import { ShutdownError } from '@orderly/errors';

/** Anything that is started once and stopped once: a pool, a server, a worker, or a whole process made of these. */
export interface Service {
  readonly name: string;
  /** Resolves when the service works. Rejects with ShutdownError if it is stopped before that. */
  start(): Promise<void>;
  /** Resolves when everything is released. Safe at any time and any number of times: also during `start`, also without it. */
  stop(): Promise<void>;
  /** The parts that are not stopped yet, for the log line that is written when the deadline has passed. */
  unstopped?(): readonly string[];
}

/** The two halves of a service; `createService` adds the rules about when they are called. */
export interface ServiceParts {
  readonly name: string;
  /** @param signal aborted when the service is stopped while it still starts; a start that waits must heed it */
  start(signal: AbortSignal): Promise<void>;
  /** Called at most once, never before `start` has settled; also after a start that failed half way. */
  stop(): Promise<void>;
  unstopped?(): readonly string[];
}

/** Makes a service that keeps the promises of {@link Service} from parts that need not think of them. It lives once. */
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
      // Why the start failed is told to the one who called it.
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
      // The first error is the one that explains; what goes wrong while cleaning up after it only hides it.
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
