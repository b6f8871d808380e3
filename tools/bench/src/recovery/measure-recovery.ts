import type { Database } from '@orderly/database';
import { createSweepLedger } from '@orderly/ledger';
import { createFaultLog, createLogger } from '@orderly/observability';
import { createEngine, createSweep, type BullEngine } from '@orderly/queue';
import { startTcpProxy, stopTcpProxies, type TcpProxy } from '@orderly/queue/testing';
import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { printTable, remark, type BenchContext } from '../bench-context';
import { makeJobs, queueNames, removeJobs } from './make-jobs';
import { createStageTimes, stages, type StageTimes } from './stage-times';

interface Servers {
  readonly db: Database;
  readonly redisUrl: string;
}

/** A sweep of its own for each run, and a connection to Redis beside it. */
interface Subject {
  readonly db: Database;
  readonly queues: readonly string[];
  readonly jobs: number;
  /** The way from the sweep to Redis. */
  readonly proxy: TcpProxy;
  /** Goes straight to Redis. */
  readonly observer: BullEngine;
  readonly times: StageTimes;
}

/** Brings about a loss, and calls `happened` at the moment from which the recovery counts. */
type Lose = (subject: Subject, happened: () => void) => Promise<unknown>;

const prefix = 'bench';
const pollMs = 20;
/** Long enough for the pauses between two tries to connect to have grown to their longest. */
const cutMs = 4000;
/** A recovery that takes longer has failed. */
const limitMs = 120_000;

const emptied: Lose = async ({ db, queues, jobs, observer }, happened) => {
  await makeJobs(db, queues, jobs);
  await untilPresent(observer, queues, jobs);
  happened();
  await observer.redis.flushall();
};

const cutOff: Lose = async ({ db, queues, jobs, proxy }, happened) => {
  await proxy.cut();
  await Promise.all([makeJobs(db, queues, jobs), pause(cutMs)]);
  happened();
  await proxy.restore();
};

/** Measures each kind of loss several times, and prints a row for each. */
export async function measureRecovery(
  servers: Servers,
  { jobs, queues, runs }: { readonly jobs: number; readonly queues: number; readonly runs: number },
  context: BenchContext,
): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const [title, lose] of [
    ['emptied', emptied],
    ['cut off', cutOff],
  ] as const) {
    for (let run = 1; run <= runs && !context.interrupted.aborted; run += 1) {
      remark(context, `${title}, run ${run} of ${runs} …`);
      rows.push([title, ...(await measureOnce(servers, queueNames(queues), jobs, lose))]);
    }
  }
  const head = ['Redis was', 'seconds', 'detection', ...stages, 'CPU here', 'CPU of Redis', 'load'];
  printTable(context, `Until ${jobs.toLocaleString('en-US')} jobs are runnable again, in s`, head, rows);
}

async function measureOnce({ db, redisUrl }: Servers, queues: readonly string[], jobs: number, lose: Lose): Promise<string[]> {
  const proxy = await startTcpProxy(redisUrl);
  const [observer, engine] = [redisUrl, proxy.url].map((url) => createEngine({ redisUrl: url, prefix }));
  if (!observer || !engine) throw new Error('There is no engine');
  await Promise.all([observer.ready(), engine.ready()]);
  await removeJobs(db);
  await observer.redis.flushall();
  const times = createStageTimes();
  const logger = createLogger({ service: 'bench', level: 'silent' });
  const faultLog = createFaultLog(logger, { fails: 'It fails', worksAgain: 'It works again' });
  const ledger = times.watchLedger(createSweepLedger(db, randomUUID()));
  const faults = { redis: faultLog, sweep: faultLog };
  const sweep = createSweep({ engine: times.watchEngine(engine), ledger, queues, prefix, logger, faults });
  try {
    await sweep.start();
    let [startedAt, cpuHere] = [0, process.cpuUsage()];
    // Read before the loss: while Redis recovers, it answers late.
    await lose({ db, queues, jobs, proxy, observer, times }, () => {
      times.restart();
      [startedAt, cpuHere] = [performance.now(), process.cpuUsage()];
    });
    const cpuOfRedis = await redisCpuSeconds(observer);
    await untilPresent(observer, queues, jobs);
    const { user, system } = process.cpuUsage(cpuHere);
    return [
      ...[(performance.now() - startedAt) / 1000, times.firstAddMs() / 1000],
      ...stages.map((stage) => times.busyMs(stage) / 1000),
      ...[(user + system) / 1e6, (await redisCpuSeconds(observer)) - cpuOfRedis, loadavg()[0] ?? 0],
    ].map((value) => value.toFixed(1));
  } finally {
    await sweep.stop();
    await Promise.all([engine.close(), observer.close()]);
    await stopTcpProxies();
  }
}

/** Waits until the queues together hold as many jobs that wait to be run. */
async function untilPresent(engine: BullEngine, queues: readonly string[], jobs: number): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  for (;;) {
    const counts = await Promise.all(queues.map((queue) => engine.counts(queue)));
    if (counts.reduce((sum, { prioritized = 0 }) => sum + prioritized, 0) === jobs) return;
    if (Date.now() > giveUpAt) throw new Error('Not all jobs came back');
    await pause(pollMs);
  }
}

async function redisCpuSeconds({ redis }: BullEngine): Promise<number> {
  const text = await redis.info('cpu');
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1] ?? 0);
  return field('used_cpu_user') + field('used_cpu_sys');
}
