import type { Database } from '@orderly/database';
import { acceptEvents } from '@orderly/ledger';
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** Latencies of a foreground statement, in ms. */
export interface ForegroundLatency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The pause between two events, in ms. */
const restMs = 20;

/** A stream of events that are accepted one after the other. */
export interface Foreground {
  /**
   * Stops when at least `minEvents` events have been accepted, and returns their latencies.
   *
   * @throws the error of an event that was not accepted
   */
  stop(minEvents?: number): Promise<ForegroundLatency>;
}

/** Accepts one event after the other, as a gateway does, until `stop` is called. */
export function startForeground(db: Database): Foreground {
  const tookMs: number[] = [];
  let wanted = Infinity;
  const accepting = (async () => {
    while (tookMs.length < wanted) {
      const startedAt = performance.now();
      await acceptEvents(db, [newEvent()]);
      tookMs.push(performance.now() - startedAt);
      await wait(restMs);
    }
  })();
  // `stop` reports a failure. Without this line it would be an unhandled rejection until then.
  accepting.catch(() => undefined);
  return {
    async stop(minEvents = 0) {
      wanted = minEvents;
      await accepting;
      const sorted = tookMs.toSorted((a, b) => a - b);
      const at = (share: number): number => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
      return { p50: at(0.5), p99: at(0.99), max: at(1) };
    },
  };
}

const newEvent = (): Parameters<typeof acceptEvents>[1][number] => {
  const id = randomUUID();
  return {
    event: {
      ...{ id, source: 'foreground', type: 'order.status_changed', orderId: id },
      ...{ occurredAt: new Date().toISOString(), data: { status: 'shipped' } },
    },
    bodyHash: createHash('sha256').update(id).digest(),
    ...{ batch: null, traceparent: null, tracestate: null, actor: { name: 'bench', apiKeyId: null, onBehalfOf: null } },
  };
};
