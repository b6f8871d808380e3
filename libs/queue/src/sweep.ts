import type { DueCursor, RunnableJob, SweepLedger } from '@orderly/jobs';
import { metrics, type Logger } from '@orderly/observability';
import { composeServices, createService, type Service } from '@orderly/runtime';
import type { BullEngine } from './engine';
import { watchGeneration } from './generation';

export interface SweepOptions {
  readonly engine: BullEngine;
  readonly ledger: SweepLedger;
  /** The queues of this worker; of each, one process at a time sweeps. */
  readonly queues: readonly string[];
  readonly prefix: string;
  readonly logger: Logger;
  /** Redis lost what it was given; beside the jobs, whatever else lives there has to be applied again. */
  readonly onGeneration?: () => void;
}

/** Pause between two steps of the walk, in ms. */
const tickMs = 1000;
/** A process that dies gives way to the next after so long, in ms. */
const leaseMs = 5000;
/** Jobs of one page, and repairs of one step. */
const pageSize = 1000;
/** What becomes due after a wait is looked for so far back: several ticks, so that a slow one misses nothing. */
const freshMs = 10_000;
/** Lanes are repaired every so many ticks: they only break where somebody changed the ledger by hand. */
const repairEvery = 30;

/**
 * The repair pass behind the relay: finds jobs that are due and that BullMQ does not have, a page per tick, and adds them. When
 * Redis has lost its jobs it walks on without a pause until all are back.
 */
export function createSweep(options: SweepOptions): Service {
  const { engine, prefix, queues, logger, onGeneration } = options;
  const sweeps = queues.map((queue) => createQueueSweep(queue, options));
  const generation = watchGeneration(engine.redis, prefix, () => {
    logger.warn('Redis is another or was emptied; every runnable job is given to it again');
    for (const sweep of sweeps) sweep.walkAll();
    onGeneration?.();
  });
  return composeServices('sweep', [sweeps, generation]);
}

interface QueueSweep extends Service {
  /** Start over, and do not pause before the end. */
  walkAll(): void;
}

function createQueueSweep(queue: string, { engine, ledger, logger }: SweepOptions): QueueSweep {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  let isHurried = false;
  /** How often Redis lost its jobs; and after which loss the walk began: what an older one has passed is to be looked at again. */
  let losses = 0;
  let walkOfLoss = 0;
  let isStopped = false;
  let isLeader = false;
  let cursor: DueCursor | null = null;
  let ticks = 0;

  const service = createService({
    name: `sweep ${queue}`,
    async start() {
      timer = setInterval(tick, tickMs);
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await running;
      // A lease of no length: the next process need not wait for the end of ours.
      if (isLeader) await ledger.lease(queue, 0).catch(() => false);
    },
  });
  return {
    ...service,
    walkAll: () => {
      losses += 1;
      isHurried = true;
      tick();
    },
  };

  function tick(): void {
    if (isRunning || isStopped) return;
    isRunning = true;
    running = step()
      .catch((error: unknown) => logger.debug({ err: error, queue }, 'The sweep goes on when its servers are back'))
      .finally(() => (isRunning = false));
  }

  async function step(): Promise<void> {
    isLeader = await ledger.lease(queue, leaseMs);
    if (!isLeader) return;
    ticks += 1;
    await addAbsent('lost', await ledger.lost(queue, pageSize));
    await addAbsent('due', await ledger.freshlyDue(queue, freshMs, pageSize));
    if (ticks % repairEvery === 0) await addAbsent('lane', await ledger.repairLanes(queue, pageSize));
    do {
      const hurried: boolean = isHurried;
      if (walkOfLoss !== losses) cursor = null;
      walkOfLoss = losses;
      const page = await ledger.duePage(queue, cursor, pageSize, hurried ? 0 : settlingMs);
      await addAbsent('absent', page.jobs);
      // Not before: a page that Redis did not take is tried again.
      cursor = page.next;
      if (hurried) await ledger.lease(queue, leaseMs);
      if (cursor === null) isHurried = walkOfLoss !== losses;
    } while (isHurried && !isStopped);
  }

  async function addAbsent(kind: string, jobs: readonly RunnableJob[]): Promise<void> {
    const absent = await engine.absent(jobs);
    if (absent.length === 0) return;
    await engine.add(absent);
    metrics.sweepRepaired.add({ queue, kind }, absent.length);
    logger.info({ queue, kind, jobs: absent.length }, 'Jobs were given to BullMQ again');
  }
}

/** What became due a moment ago is still on its way to BullMQ by the relay, in ms. */
const settlingMs = 2000;
