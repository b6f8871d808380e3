import type { SweepLedger } from '@orderly/jobs';
import type { BullEngine } from '@orderly/queue';

export const stages = ['reading pages', 'lease', 'presence', 'adding'] as const;
type Stage = (typeof stages)[number];

/** Measures the stages of a sweep from outside: for how long at least one call of a stage was under way. */
export interface StageTimes {
  readonly watchLedger: (ledger: SweepLedger) => SweepLedger;
  readonly watchEngine: (engine: BullEngine) => BullEngine;
  /** Forgets what was measured so far. */
  restart(): void;
  /** Time from the restart to the first later call that adds jobs and succeeds, in ms. */
  firstAddMs(): number;
  busyMs(stage: Stage): number;
}

export function createStageTimes(): StageTimes {
  const clocks = new Map(stages.map((stage) => [stage, { underWay: 0, since: 0, busyMs: 0 }]));
  let startedAt = performance.now();
  let firstAddAt: number | undefined;

  const timed =
    <Args extends unknown[], Result>(stage: Stage, call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const clock = clocks.get(stage);
      if (!clock) throw new Error(`There is no stage ${stage}`);
      if (clock.underWay++ === 0) clock.since = performance.now();
      const calledAt = performance.now();
      try {
        const result = await call(...args);
        if (stage === 'adding' && calledAt > startedAt) firstAddAt ??= calledAt;
        return result;
      } finally {
        if (--clock.underWay === 0) clock.busyMs += performance.now() - clock.since;
      }
    };

  return {
    watchLedger: (ledger) => ({
      ...ledger,
      duePage: timed('reading pages', ledger.duePage),
      lease: timed('lease', ledger.lease),
    }),
    watchEngine: (engine) => ({
      ...engine,
      absent: timed('presence', engine.absent),
      add: timed('adding', engine.add),
    }),
    restart: () => {
      startedAt = performance.now();
      firstAddAt = undefined;
      for (const clock of clocks.values()) clock.busyMs = 0;
    },
    firstAddMs: () => (firstAddAt ?? startedAt) - startedAt,
    busyMs: (stage) => clocks.get(stage)?.busyMs ?? 0,
  };
}
