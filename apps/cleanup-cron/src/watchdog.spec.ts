import type { CleanupTaskName } from '@orderly/contracts';
import type { RunnableJob } from '@orderly/jobs';
import type { Logger } from '@orderly/observability';
import { createWatchdog, type WatchdogOptions } from './watchdog';

/** Sets up a watchdog with a ledger of runs in memory, which starts with an earlier run of each task. */
function setup(nowIso: string, options: Partial<WatchdogOptions> = {}) {
  const planned = new Set<string>();
  const relayed: RunnableJob[] = [];
  const warnings: object[] = [];
  let missed = 0;
  const watchdogOptions: WatchdogOptions = {
    schedules: { 'expire-tokens': '15 3 * * *', 'expire-history': '45 * * * *', 'rotate-logs': '30 3 * * 0' },
    runs: {
      planMissed: async (task: CleanupTaskName, scheduledFor: Date) => {
        const id = `${task} ${scheduledFor.toISOString()}`;
        if (planned.has(id)) return undefined;
        planned.add(id);
        return { job: { id, name: task, queue: 'maintenance', priority: 4 }, isFirst: false };
      },
      closeAbandoned: async () => 0,
    },
    relay: (jobs) => relayed.push(...jobs),
    onMissed: () => (missed += 1),
    logger: {
      warn: (fields: object) => warnings.push(fields),
      info: () => undefined,
      debug: () => undefined,
    } as unknown as Logger,
    now: () => Date.parse(nowIso),
    ...options,
  };
  /** A single look of a watchdog that is stopped at once. */
  const look = async (): Promise<void> => {
    const watchdog = createWatchdog(watchdogOptions);
    await watchdog.start();
    await watchdog.stop();
  };
  return { look, planned, relayed, warnings, missed: () => missed };
}

describe('the watchdog', () => {
  it('runs a missed task once after many periods and looks, and warns', async () => {
    const { look, relayed, warnings, missed } = setup('2026-03-20T12:00:00Z');
    await look();
    await look();
    expect(relayed.map(({ id }) => id)).toEqual([
      'expire-tokens 2026-03-20T03:15:00.000Z',
      'expire-history 2026-03-20T11:45:00.000Z',
      'rotate-logs 2026-03-15T03:30:00.000Z',
    ]);
    expect(warnings).toHaveLength(3);
    expect(missed()).toBe(1);
  });

  it('waits two minutes for the tick of a run, and no longer', async () => {
    const within = setup('2026-03-20T03:17:00Z');
    await within.look();
    expect(within.relayed.map(({ name }) => name)).not.toContain('expire-tokens');
    const after = setup('2026-03-20T03:17:00.001Z');
    await after.look();
    expect(after.relayed.map(({ name }) => name)).toContain('expire-tokens');
  });

  it('does nothing if a tick has planned the run', async () => {
    const { look, planned, relayed, missed } = setup('2026-03-20T12:00:00Z');
    planned.add('expire-tokens 2026-03-20T03:15:00.000Z').add('rotate-logs 2026-03-15T03:30:00.000Z');
    planned.add('expire-history 2026-03-20T11:45:00.000Z');
    await look();
    expect(relayed).toEqual([]);
    expect(missed()).toBe(0);
  });

  it('runs a task that has never run, without a warning', async () => {
    const job = { id: 'run', name: 'rotate-logs', queue: 'maintenance', priority: 4 };
    const runs = { planMissed: async () => ({ job, isFirst: true }), closeAbandoned: async () => 0 };
    const { look, relayed, warnings, missed } = setup('2026-03-20T12:00:00Z', { runs });
    await look();
    expect(relayed).toHaveLength(3);
    expect(warnings).toEqual([]);
    expect(missed()).toBe(0);
  });

  it('survives a ledger that is away', async () => {
    const away = async (): Promise<never> => {
      throw new Error('connection refused');
    };
    const { look } = setup('2026-03-20T12:00:00Z', { runs: { planMissed: away, closeAbandoned: away } });
    await expect(look()).resolves.toBeUndefined();
  });
});
