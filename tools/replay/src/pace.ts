import type { BatchLimits } from './event-batches';

/** The gateway accepts more events per request, but this size is as fast and is answered sooner. */
const maxEventsPerBatch = 500;
/** In bytes; below the gateway's limit of 1.5 MB for a body. */
const maxBytesPerBatch = 1_200_000;
/** Small batches keep a slow rate steady. */
const batchesPerSecond = 10;

/** The size of batches. With a rate, a batch has at most the events of 0.1 s. */
export const batchLimits = (eventsPerSecond = Infinity): BatchLimits => ({
  maxEvents: Math.max(1, Math.min(maxEventsPerBatch, Math.floor(eventsPerSecond / batchesPerSecond))),
  maxBytes: maxBytesPerBatch,
});

/** Spaces batches by a rate. Lost time is not caught up, because that would be a burst above the rate. */
export class Pace {
  readonly #eventsPerSecond: number;
  #nextAtMs = -Infinity;

  constructor(eventsPerSecond = Infinity) {
    this.#eventsPerSecond = eventsPerSecond;
  }

  /** Returns the delay in ms before a batch of `events` may be sent, and counts the batch as sent after it. */
  waitBefore(events: number, nowMs: number): number {
    const atMs = Math.max(nowMs, this.#nextAtMs);
    this.#nextAtMs = atMs + (events / this.#eventsPerSecond) * 1000;
    return atMs - nowMs;
  }
}
