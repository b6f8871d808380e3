import type { DueCursor, RunnableJob, SweepLedger } from '@orderly/jobs';
import { metrics, type FaultLog, type Logger } from '@orderly/observability';
import { composeServices, createService, type Service } from '@orderly/runtime';
import type { BullEngine } from './engine';
import { watchRedis } from './watch-redis';

export interface SweepOptions {
  readonly engine: BullEngine;
  readonly ledger: SweepLedger;
  /** The queues of this worker; of each, one process at a time sweeps. */
  readonly queues: readonly string[];
  readonly prefix: string;
  readonly logger: Logger;
  /** Told whether Redis can be used, and whether the sweep of each queue works. */
  readonly faults: { readonly redis: FaultLog; readonly sweep: FaultLog };
  /** Redis has lost its contents: beside the jobs, everything else that lives there must be applied again. */
  readonly onGeneration?: () => void;
}

/** Pause between two steps of the walk, in ms. */
const tickMs = 1000;
/** When a process dies, the next one takes over its queues after this time, in ms. */
const leaseMs = 5000;
/** Jobs of one page, and repairs of one step. */
const pageSize = 1000;
/** How far back to look for jobs whose wait is over: several ticks, so that a slow tick misses none. In ms. */
const freshMs = 10_000;
/** A job that became due more recently is still on its way to BullMQ through the relay, in ms. */
const settlingMs = 2000;
/** Ticks between two repairs of what only breaks when somebody changes the ledger or Redis by hand: lanes, and hashes in Redis. */
const repairEvery = 30;

/**
 * The repair pass behind the relay: finds jobs that are due and that BullMQ does not have, and adds them. It walks a page per
 * tick while nothing is missing, and without a pause to the end from the first page on that misses jobs, and from the moment when
 * Redis is back. When Redis has lost its contents, the walk starts again from the beginning.
 */
export function createSweep(options: SweepOptions): Service {
  const { engine, prefix, queues, logger, faults, onGeneration } = options;
  const sweeps = queues.map((queue) => createQueueSweep(queue, options));
  const onChange = (): void => {
    logger.warn('Redis was emptied or replaced; every runnable job is given to it again');
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
  /** Walks over all due jobs without a pause, once the walk under way has ended; or at once, from the beginning. */
  walkAll(options: { readonly restart: boolean }): void;
}

function createQueueSweep(queue: string, { engine, ledger, logger, faults }: SweepOptions): QueueSweep {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  /** The step under way got an answer from Redis. */
  let hasAskedRedis = false;
  let isStopped = false;
  let isLeader = false;
  let ticks = 0;
  let cursor: DueCursor | null = null;
  /** The walk does not pause before its end. */
  let isHurried = false;
  /** Another hurried walk is wanted after the one under way; at first because nobody knows what happened before. */
  let isWalkWanted = true;
  /** What the walk has passed is to be looked at again. */
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
          // A step that found no job has not asked Redis, so it says nothing about it.
          if (hasAskedRedis) faults.sweep.works(queue);
        },
        async (error: unknown) => {
          faults.sweep.failed(queue, error);
          // Perhaps only this process has lost Redis: another one may take over.
          await release();
        },
      )
      .finally(() => (isRunning = false));
  }

  /** Takes a lease of no length, so that the next process need not wait for the end of ours. */
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
      for (const [kind, jobs] of added) logger.info({ queue, kind, jobs }, 'Jobs were given to BullMQ again');
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
    // A page that Redis did not take is tried again, so the cursor only moves now.
    cursor = page.next;
    // Where one job is missing, those that became due after it are likely to be missing too.
    isHurried = cursor !== null && (isHurried || absent > 0);
    if (isHurried) await ledger.lease(queue, leaseMs);
  }

  async function repair(added: Map<string, number>): Promise<void> {
    await addAbsent('lane', await ledger.repairLanes(queue, pageSize), added);
    if (await engine.liftForeignHolds(queue)) logger.warn({ queue }, 'A pause or limit that was set in Redis was removed');
    const damaged = await engine.removeDamaged(queue);
    if (damaged === 0) return;
    metrics.sweepRepaired.add({ queue, kind: 'damaged' }, damaged);
    logger.warn({ queue, jobs: damaged }, 'Jobs that BullMQ could not read were removed from Redis');
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
