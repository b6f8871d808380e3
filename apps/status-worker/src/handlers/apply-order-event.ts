import type { applyOrderEvent } from '@orderly/contracts';
import { PermanentError } from '@orderly/errors';
import type { ApplyRequest, ApplyResult } from '@orderly/ledger';
import { settled, type JobHandler } from '@orderly/jobs';
import { currentTraceContext } from '@orderly/observability';

export interface ApplyOrderEventDeps {
  /** Applies all unapplied events of the order; calls that are made at the same time share one transaction. */
  readonly apply: (request: ApplyRequest) => Promise<ApplyResult>;
}

/** Brings the event's order up to date. The transaction that does it also ends the job. */
export const createApplyOrderEvent =
  ({ apply }: ApplyOrderEventDeps): JobHandler<typeof applyOrderEvent> =>
  async ({ job, payload }) => {
    const result = await apply({ jobId: job.id, orderId: payload.orderId, ...currentTraceContext() });
    switch (result.kind) {
      case 'ended':
        return settled(result.outcome, { code: result.code });
      case 'later':
        return settled('waiting', { delayMs: result.delayMs });
      case 'parked':
        // It stays in the ledger alone: the order's next event takes it along, or the sweep brings it at its deadline.
        return settled('parked');
      case 'event-missing':
        throw new PermanentError('event-missing', 'The ledger has no event for this job');
      case 'idle':
        return settled('idle');
    }
  };
