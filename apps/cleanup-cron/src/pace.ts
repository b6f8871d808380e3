import { setTimeout as wait } from 'node:timers/promises';

/** One round trip to a server. */
export type Probe = () => Promise<unknown>;

export interface Probes {
  readonly postgresql: Probe;
  /** Absent where a run does without Redis. */
  readonly redis?: Probe;
}

/** In ms; null where the server did not answer, or was not asked. */
interface Latency {
  readonly postgresqlMs: number | null;
  readonly redisMs: number | null;
}

/** The latency before a task, the worst that was seen while it ran, and after it. */
interface LatencyRecord {
  readonly before: Latency;
  readonly during: Latency | null;
  readonly after: Latency;
}

/** Keeps a task from being a burden: it rests between its steps, longer where the servers are strained. */
export interface Pace {
  /** @returns false if the task should stop and leave the rest to its next run. Throws the signal's reason once it is aborted. */
  pause(): Promise<boolean>;
  /** Looks at the servers while a step is under way: a task may have but one. Never fails. */
  look(): Promise<void>;
  latency(): Promise<LatencyRecord>;
}

interface PaceOptions {
  /** Between two steps, plus as much again at random, in ms. @defaultValue 20 */
  readonly pauseMs?: number;
  /** A task does not begin another step after so long, in ms. @defaultValue 480,000: a job of a task may take 600,000 */
  readonly budgetMs?: number;
}

/** A round trip that takes longer than this is a strain, unless it took nearly as long before the task began. */
const strainMs = 50;
const strainFactor = 5;
/** Under strain a rest is so much longer. */
const slowFactor = 10;
/** After so many strained steps in a row the task stops. */
const maxStrained = 5;

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

/** A server that was away before the task is no sign of the task's burden; one that goes away meanwhile is. */
const hasRisen = (now: number | null, before: number | null): boolean =>
  before !== null && (now === null || now > Math.max(strainMs, before * strainFactor));

const worseOf = (one: Latency, other: Latency): Latency => ({
  postgresqlMs: slower(one.postgresqlMs, other.postgresqlMs),
  redisMs: slower(one.redisMs, other.redisMs),
});

const slower = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : Math.max(one, other);
