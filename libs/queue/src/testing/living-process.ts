import { createLiveClaims } from '../live-claims';
import type { JobRunner } from '../run-job';

/** The process facts of a runner: the process lives and may act, until `stop` is aborted. */
export const livingProcess = (
  stop: AbortController = new AbortController(),
): Pick<JobRunner, 'claims' | 'stop' | 'heartbeat'> => ({
  claims: createLiveClaims(),
  stop: stop.signal,
  heartbeat: { signal: () => new AbortController().signal, isFresh: () => true },
});
