import { ShutdownError } from '@orderly/errors';
import { liveness, type ProcessRegistry } from '@orderly/jobs';
import { createService, type Service } from '@orderly/runtime';

/** Shows the other processes that this one lives, and stops it from acting when they may think that it does not. */
export interface Heartbeat extends Service {
  /** Aborted when the heartbeat could not be renewed in time; a new one takes its place when it could again. */
  signal(): AbortSignal;
  /** Whether the last renewal is recent enough to act. Asks the monotonic clock. */
  isFresh(): boolean;
}

/** @param registry needs a connection of its own: a heartbeat must not wait behind the work */
export function createHeartbeat(registry: ProcessRegistry, onMissed: (error: unknown) => void): Heartbeat {
  let fence = new AbortController();
  let lastBeatAt = -Infinity;
  let timers: NodeJS.Timeout[] = [];
  let isBeating = false;

  const isFresh = (): boolean => performance.now() - lastBeatAt < liveness.fenceMs;

  const beat = async (): Promise<void> => {
    if (isBeating) return;
    isBeating = true;
    // The database's clock ran on while the statement travelled: only the time before it is safe to count from.
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
