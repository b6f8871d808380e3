import { ShutdownError } from '@orderly/errors';
import { liveness, type ProcessRegistry } from '@orderly/jobs';
import { createService, type Service } from '@orderly/runtime';

/** Shows other processes that this one is alive, and stops it from acting once they may consider it dead. */
export interface Heartbeat extends Service {
  /** Aborted when the heartbeat was not renewed in time. After the next renewal it returns a new signal: do not keep it. */
  signal(): AbortSignal;
  /** Whether the last renewal is recent enough to act, by the monotonic clock: it needs no timer that could be late. */
  isFresh(): boolean;
}

/**
 * Creates the heartbeat, which is renewed every `liveness.beatMs`.
 *
 * @param registry - needs a connection of its own, so that a heartbeat never waits behind the work
 * @param onMissed - called with the error of each renewal that failed
 */
export function createHeartbeat(registry: ProcessRegistry, onMissed: (error: unknown) => void): Heartbeat {
  let fence = new AbortController();
  let lastBeatAt = -Infinity;
  let timers: NodeJS.Timeout[] = [];
  let isBeating = false;

  const isFresh = (): boolean => performance.now() - lastBeatAt < liveness.fenceMs;

  const beat = async (): Promise<void> => {
    if (isBeating) return;
    isBeating = true;
    // The database may have stamped the row as soon as we sent the statement, so our time counts from then.
    const sentAt = performance.now();
    try {
      await registry.beat();
      lastBeatAt = sentAt;
      if (fence.signal.aborted && isFresh()) fence = new AbortController();
    } catch (error) {
      onMissed(error);
    } finally {
      isBeating = false;
    }
  };

  const checkFence = (): void => {
    if (!isFresh() && !fence.signal.aborted) fence.abort(new ShutdownError('The heartbeat could not be renewed in time'));
  };

  const service = createService({
    name: 'heartbeat',
    async start() {
      const sentAt = performance.now();
      await registry.beat();
      lastBeatAt = sentAt;
      timers = [setInterval(() => void beat(), liveness.beatMs), setInterval(checkFence, liveness.beatMs / 2)];
    },
    async stop() {
      timers.forEach(clearInterval);
      await registry.leave().catch(onMissed);
    },
  });
  return { ...service, signal: () => fence.signal, isFresh };
}
