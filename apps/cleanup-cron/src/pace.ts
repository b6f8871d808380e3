import { setTimeout as wait } from 'node:timers/promises';

/** One round trip to a server. */
export type Probe = () => Promise<unknown>;

/** The servers that a task may strain. */
export interface Probes {
  readonly postgresql: Probe;
  /** Absent for a run without Redis. */
  readonly redis?: Probe;
}

/** Round trips in ms; null if the server did not answer or was not asked. */
interface Latency {
  readonly postgresqlMs: number | null;
  readonly redisMs: number | null;
}

/** The latency before a task, the worst during it, and the latency after it. */
interface LatencyRecord {
  readonly before: Latency;
  readonly during: Latency | null;
  readonly after: Latency;
}

/** Limits the load of a task: it pauses between steps, and for longer while the servers are strained. */
export interface Pace {
  /**
   * Measures the servers and waits.
   *
   * @returns false if the task should stop and leave the rest to its next run
   * @throws the signal's reason once it is aborted
   */
  pause(): Promise<boolean>;
  /** Measures the servers during a step, for tasks with a single step. Never throws. */
  look(): Promise<void>;
  latency(): Promise<LatencyRecord>;
}

interface PaceOptions {
  /** The shortest pause between two steps, in ms. A random time up to the same length is added. @defaultValue 20 */
  readonly pauseMs?: number;
  /** The task begins no step after this time, in ms. @defaultValue 480,000, because the job of a task may take 600,000 */
  readonly budgetMs?: number;
}

/** A longer round trip means strain, unless it took nearly as long before the task: see {@link strainFactor}. */
const strainMs = 50;

/** A round trip of up to this multiple of the one before the task is no strain: the server may be far away or busy anyway. */
const strainFactor = 5;

/** Pauses under strain are longer by this factor. */
const slowFactor = 10;

/** The task stops after this many strained steps in a row. A single slow round trip proves nothing. */
const maxStrained = 5;

/** Measures the servers before the task, as the standard for its strain. */
export async function startPace(
  probes: Probes,
  signal: AbortSignal,
  { pauseMs = 20, budgetMs = 480_000 }: PaceOptions = {},
): Promise<Pace> {
  const startedAt = performance.now();
  const before = await measure(probes);
  let during: Latency | null = null;
  let strained = 0;
  const look = async (): Promise<Latency> => {
    const latency = await measure(probes);
    during = during === null ? latency : worseOf(during, latency);
    return latency;
  };

  return {
    async look() {
      await look();
    },
    async pause() {
      signal.throwIfAborted();
      const latency = await look();
      strained = isStrain(latency, before) ? strained + 1 : 0;
      if (strained >= maxStrained || performance.now() - startedAt > budgetMs) return false;
      const restMs = pauseMs * (1 + Math.random()) * (strained > 0 ? slowFactor : 1);
      await wait(restMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      return true;
    },
    latency: async () => ({ before, during, after: await measure(probes) }),
  };
}

async function measure({ postgresql, redis }: Probes): Promise<Latency> {
  const [postgresqlMs, redisMs] = await Promise.all([roundTripMs(postgresql), redis ? roundTripMs(redis) : null]);
  return { postgresqlMs, redisMs };
}

async function roundTripMs(probe: Probe): Promise<number | null> {
  const startedAt = performance.now();
  try {
    await probe();
  } catch {
    return null;
  }
  return Math.round((performance.now() - startedAt) * 10) / 10;
}

const isStrain = (now: Latency, before: Latency): boolean =>
  hasRisen(now.postgresqlMs, before.postgresqlMs) || hasRisen(now.redisMs, before.redisMs);

/** A server that was away before the task says nothing about the task's load. A server that goes away during it does. */
const hasRisen = (now: number | null, before: number | null): boolean =>
  before !== null && (now === null || now > Math.max(strainMs, before * strainFactor));

const worseOf = (one: Latency, other: Latency): Latency => ({
  postgresqlMs: slower(one.postgresqlMs, other.postgresqlMs),
  redisMs: slower(one.redisMs, other.redisMs),
});

const slower = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : Math.max(one, other);
