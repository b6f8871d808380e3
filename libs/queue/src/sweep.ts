import type { DueCursor, RunnableJob, SweepLedger } from '@orderly/jobs';
import { metrics, type FaultLog, type Logger } from '@orderly/observability';
import { composeServices, createService, type Service } from '@orderly/runtime';
import type { BullEngine } from './engine';
import { watchRedis } from './watch-redis';

/** Options of {@link createSweep}. */
export interface SweepOptions {
  readonly engine: BullEngine;
  readonly ledger: SweepLedger;
  /** The queues of this worker. A lease in the ledger lets one process at a time sweep a queue. */
  readonly queues: readonly string[];
  /** BullMQ's key prefix; the same for every service. */
  /** The window of a queue's rate limit, in ms. BullMQ keeps no limit for longer, so a longer one is not ours. */
  readonly windows?: ReadonlyMap<string, number>;
  readonly prefix: string;
  readonly logger: Logger;
  /** Told whether Redis can be used, and whether the sweep of each queue works. */
  readonly faults: { readonly redis: FaultLog; readonly sweep: FaultLog };
  /** Called when Redis has lost its contents, so that the caller can restore everything except the jobs. */
  readonly onGeneration?: () => void;
}

/** Pause between two steps of the walk, in ms. */
const tickMs = 1000;
/** If a process dies, another one takes over its sweep after this time, in ms. */
const leaseMs = 5000;
/** Most jobs of one page, and most repairs of one kind in one step: bounds the time of a statement and of a script. */
const pageSize = 1000;
/** How far back each step looks for jobs whose wait has ended, in ms. Several ticks long, so that a slow tick misses no job. */
const freshMs = 10_000;
/** The relay may still be adding a job that became due within this time, in ms. An unhurried walk therefore ignores it. */
const settlingMs = 2000;
/** Ticks between two repairs of lanes, holds and hashes in Redis. They break only when somebody changes the data by hand. */
const repairEvery = 30;

/**
 * The repair pass behind the relay: finds due jobs that BullMQ does not have, and adds them. While nothing is missing, it walks
 * one page per tick. After a page with missing jobs, or after a reconnect, it walks to the end without a pause. If Redis has
 * lost its contents, the walk starts again from the beginning.
 */
export function createSweep(options: SweepOptions): Service {
  const { engine, prefix, queues, logger, faults, onGeneration } = options;
  const sweeps = queues.map((queue) => createQueueSweep(queue, options));
  const onChange = (): void => {
    logger.warn('Redis was emptied or replaced; every runnable job is added again');
    for (const sweep of sweeps) sweep.walkAll({ restart: true });
    onGeneration?.();
  };
  const watch = watchRedis({ redis: engine.redis, faults: faults.redis, generation: { prefix, onChange } });
  const onReady = (): void => sweeps.forEach((sweep) => sweep.walkAll({ restart: false }));
  const reconnects = createService({
    name: 'sweep after a reconnect',
    start: async () => void engine.redis.on('ready', onReady),
    stop: async () => void engine.redis.off('ready', onReady),
  });
  return composeServices('sweep', [[...sweeps, reconnects], watch]);
}

interface QueueSweep extends Service {
  /** Walks over all due jobs without a pause: after the current walk, or with `restart` at once and from the beginning. */
  walkAll(options: { readonly restart: boolean }): void;
}

function createQueueSweep(queue: string, { engine, ledger, windows, logger, faults }: SweepOptions): QueueSweep {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  /** Whether the current step got an answer from Redis. */
  let hasAskedRedis = false;
  let isStopped = false;
  let isLeader = false;
  let ticks = 0;
  let cursor: DueCursor | null = null;
  /** Whether the current walk goes on to its end without a pause. */
  let isHurried = false;
  /** Whether a hurried walk must follow the current one. True at first, because jobs may be missing since before the start. */
  let isWalkWanted = true;
  /** Whether the walk must start again from the beginning, because pages it has passed may lack jobs now. */
  let isRestartWanted = false;

  const service = createService({
    name: `sweep ${queue}`,
    async start() {
      timer = setInterval(tick, tickMs);
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await running;
      await release();
    },
  });
  return {
    ...service,
    walkAll: ({ restart }) => {
      if (restart) isRestartWanted = true;
      else isWalkWanted = true;
      tick();
    },
  };

  function tick(): void {
    if (isRunning || isStopped) return;
    isRunning = true;
    hasAskedRedis = false;
    running = step()
      .then(
        () => {
          // A step without jobs has not asked Redis, so its success does not show that Redis works.
          if (hasAskedRedis) faults.sweep.works(queue);
        },
        async (error: unknown) => {
          faults.sweep.failed(queue, error);
          // Perhaps only this process has lost Redis, so another one may take over.
          await release();
        },
      )
      .finally(() => (isRunning = false));
  }

  /** Replaces our lease by one of 0 ms, so that the next process does not have to wait for its end. */
  async function release(): Promise<void> {
    if (isLeader) await ledger.lease(queue, 0).catch(() => false);
  }

  async function step(): Promise<void> {
    isLeader = await ledger.lease(queue, leaseMs);
    if (!isLeader) return;
    ticks += 1;
    const added = new Map<string, number>();
    try {
      await addAbsent('lost', await ledger.lost(queue, pageSize), added);
      await addAbsent('due', await ledger.freshlyDue(queue, freshMs, pageSize), added);
      if (ticks % repairEvery === 1) await repair(added);
      do await walkPage(added);
      while ((isHurried || isWalkWanted || isRestartWanted) && !isStopped);
    } finally {
      for (const [kind, jobs] of added) logger.info({ queue, kind, jobs }, 'Jobs missing in BullMQ were added again');
    }
  }

  async function walkPage(added: Map<string, number>): Promise<void> {
    if (isRestartWanted) cursor = null;
    if (isRestartWanted || (isWalkWanted && cursor === null)) {
      isHurried = true;
      isRestartWanted = isWalkWanted = false;
    }
    const page = await ledger.duePage(queue, cursor, pageSize, isHurried ? 0 : settlingMs);
    const absent = await addAbsent('absent', page.jobs, added);
    // The cursor moves only after Redis took the page, so a page that failed is tried again.
    cursor = page.next;
    // If one job is missing, the jobs that became due after it are probably missing too.
    isHurried = cursor !== null && (isHurried || absent > 0);
    if (isHurried) await ledger.lease(queue, leaseMs);
  }

  async function repair(added: Map<string, number>): Promise<void> {
    await addAbsent('lane', await ledger.repairLanes(queue, pageSize), added);
    if (await engine.liftForeignHolds(queue, windows?.get(queue)))
      logger.warn({ queue }, 'Removed a pause or limit that somebody had set in Redis');
    const damaged = await engine.removeDamaged(queue);
    if (damaged === 0) return;
    metrics.sweepRepaired.add({ queue, kind: 'damaged' }, damaged);
    logger.warn({ queue, jobs: damaged }, 'Removed jobs from Redis that BullMQ could not read');
  }

  async function addAbsent(kind: string, jobs: readonly RunnableJob[], added: Map<string, number>): Promise<number> {
    const absent = await engine.absent(jobs);
    hasAskedRedis ||= jobs.length > 0;
    if (absent.length === 0) return 0;
    await engine.add(absent);
    metrics.sweepRepaired.add({ queue, kind }, absent.length);
    added.set(kind, (added.get(kind) ?? 0) + absent.length);
    return absent.length;
  }
}
