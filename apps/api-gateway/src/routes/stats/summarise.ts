import type { JobCount, ShownJobState, Statistics, StatisticsScope } from '@orderly/read-model';

/** Statistics, plus totals that show if work is still in progress. */
export interface StatisticsAnswer extends Statistics {
  readonly batch: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
  /** Jobs that are running or will run by themselves: `runnable`, `running`, `retrying`. At 0 all work is done or waits. */
  readonly open: number;
  /** Events that wait for an earlier change of their order, or for their deadline. */
  readonly parked: number;
  /** Jobs behind the head of their lane. */
  readonly blocked: number;
  readonly ended: number;
}

/** Adds the totals by state. Every state is in exactly one total. */
export function summarise(scope: StatisticsScope, statistics: Statistics): StatisticsAnswer {
  const { jobs, ...rest } = statistics;
  const count = (...states: readonly ShownJobState[]): number => sumOf(jobs.filter(({ state }) => states.includes(state)));
  return {
    ...('batch' in scope ? { batch: scope.batch, from: null, to: null } : { batch: null, ...scope }),
    ...rest,
    open: count('runnable', 'running', 'retrying'),
    parked: count('parked'),
    blocked: count('blocked'),
    ended: count('ended'),
    jobs,
  };
}

const sumOf = (counts: readonly JobCount[]): number => counts.reduce((sum, { count }) => sum + count, 0);
