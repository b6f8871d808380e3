import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Measures the delay of the event loop. */
export interface EventLoopLag {
  /** The recent median delay in ms. One long pause does not change it, but constant starvation does. */
  medianMs(): number;
  stop(): void;
}

const resolutionMs = 10;
const windowMs = 5000;

export function watchEventLoopLag(): EventLoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  // The histogram measures the time between two ticks of its timer, so the resolution is subtracted. Without a sample it is NaN.
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
