import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Measures how late the event loop runs what is due. */
export interface EventLoopLag {
  /** Half of what was due lately ran later than this, in ms. One long pause does not move it, constant starvation does. */
  medianMs(): number;
  stop(): void;
}

const resolutionMs = 10;
const windowMs = 5000;

export function watchEventLoopLag(): EventLoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  // The histogram holds the time between two ticks of its own timer, hence minus the resolution; it is NaN without a sample.
  const current = (): number => Math.max(0, (histogram.percentile(50) || 0) / 1e6 - resolutionMs);
  let lastWindowMs = 0;
  const window = setInterval(() => {
    lastWindowMs = current();
    histogram.reset();
  }, windowMs).unref();
  return {
    medianMs: () => Math.max(lastWindowMs, current()),
    stop: () => {
      clearInterval(window);
      histogram.disable();
    },
  };
}
