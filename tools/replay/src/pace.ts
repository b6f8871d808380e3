import type { BatchLimits } from './event-batches';

/** A gateway takes more in one request, but a batch of this size is as fast, and its answer comes soon. */
const maxEventsPerBatch = 500;
/** Below the gateway's limit of 1.5 MB for a body. */
const maxBytesPerBatch = 1_200_000;
/** So that a slow rate is a steady one. */
const batchesPerSecond = 10;

/** The batches' size: at a rate, no more than a tenth of a second's worth. */
export const batchLimits = (eventsPerSecond = Infinity): BatchLimits => ({
  maxEvents: Math.max(1, Math.min(maxEventsPerBatch, Math.floor(eventsPerSecond / batchesPerSecond))),
  maxBytes: maxBytesPerBatch,
});

/** Spaces batches out. Time that was lost is not made up for: that would be a burst above the rate. */
export class Pace {
  readonly #eventsPerSecond: number;
  #nextAtMs = -Infinity;

  constructor(eventsPerSecond = Infinity) {
    this.#eventsPerSecond = eventsPerSecond;
  }

  /** How long the next batch of `events` has to wait at `nowMs`. Counts it as sent after that. */
  waitBefore(events: number, nowMs: number): number {
    const atMs = Math.max(nowMs, this.#nextAtMs);
    this.#nextAtMs = atMs + (events / this.#eventsPerSecond) * 1000;
    return atMs - nowMs;
  }
}
