import type { syncOrder } from '@orderly/contracts';
import type { OrderVersion, OrderVersionKey } from '@orderly/ledger';
import { deliveryKey, type Destination, type DestinationClient } from '@orderly/destinations';
import { isAppError, NotFoundError, UnknownOutcomeError } from '@orderly/errors';
import { done, skipped, type ClaimedJob, type HandlerResult, type JobHandler } from '@orderly/jobs';
import { currentTraceContext } from '@orderly/observability';

export interface SyncOrderDeps {
  readonly destination: Destination;
  readonly client: Pick<DestinationClient, 'send' | 'lookupVersion'>;
  readonly loadVersion: (key: OrderVersionKey) => Promise<OrderVersion | undefined>;
}

/** Tells the destination of the version that the claim recorded as its intent. */
export const createSyncOrder =
  ({ destination, client, loadVersion }: SyncOrderDeps): JobHandler<typeof syncOrder> =>
  async ({ job, payload, signal, effectBegins }) => {
    const { orderId } = payload;
    const version = job.intentVersion ?? payload.version;
    if (version <= job.ackedVersion) return skipped('the destination has this version already', { outcome: 'superseded' });

    const order = await loadVersion({ orderId, version });
    if (!order) throw new NotFoundError('not-found', `Order ${orderId} has no version ${version}`);
    const { name, idempotency } = destination;
    if (idempotency.mode === 'lookup' && job.tries > 1 && ((await client.lookupVersion(orderId, signal)) ?? 0) >= version) {
      return told(version, { confirmationId: 'lookup' });
    }

    const key = deliveryKey({ destination: name, orderId, version, epoch: job.epoch });
    // Past this point an abort leaves open whether the request was taken.
    effectBegins();
    try {
      const answer = await client.send({
        order: { ...order, previousStatus: order.previousStatus ?? undefined },
        key,
        signal,
        headers: traceHeaders(),
      });
      return told(version, answer);
    } catch (error) {
      return settleFailure(error, destination, job, version, signal);
    }
  };

const told = (version: number, log: Extract<HandlerResult, { kind: 'done' }>['log']): HandlerResult =>
  done({ resultVersion: version, log });

/** A failure that turns out to be none, or that nobody can interpret, is told apart from those that are worth another attempt. */
function settleFailure(
  error: unknown,
  { idempotency }: Destination,
  job: ClaimedJob,
  version: number,
  signal: AbortSignal,
): HandlerResult {
  const { partnerVersion, ambiguous } = (isAppError(error) ? error.details : {}) as {
    partnerVersion?: number;
    ambiguous?: boolean;
  };
  if (partnerVersion !== undefined && partnerVersion >= version) return told(version, { confirmationId: 'conflict' });
  // An abort leaves open whether the request had been taken.
  const isOpen = ambiguous === true || (signal.aborted && error === signal.reason);
  if (idempotency.mode === 'none' && isOpen) throw unknownOutcome(`The request of job ${job.id} was not answered`, error);
  throw error;
}

const unknownOutcome = (message: string, cause?: unknown): UnknownOutcomeError =>
  new UnknownOutcomeError('destination-outcome-unknown', message, { cause, details: isAppError(cause) ? cause.details : {} });

function traceHeaders(): { traceparent?: string; tracestate?: string } {
  const { traceparent, tracestate } = currentTraceContext() ?? {};
  return { traceparent, ...(tracestate ? { tracestate } : {}) };
}
