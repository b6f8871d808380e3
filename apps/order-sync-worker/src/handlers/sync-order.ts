import type { syncOrder } from '@orderly/contracts';
import { deliveryKey, type Destination, type DestinationClient } from '@orderly/destinations';
import { isAppError, NotFoundError, PermanentError, RetryableError, UnknownOutcomeError, type AppError } from '@orderly/errors';
import { done, isAmbiguous, skipped, type ClaimedJob, type HandlerResult, type JobHandler } from '@orderly/jobs';
import { currentTraceContext } from '@orderly/observability';

export interface SyncOrderDeps {
  readonly destination: Destination;
  readonly client: Pick<DestinationClient, 'send' | 'lookupVersion'>;
}

/** Sends the version that the claim recorded as its intent. */
export const createSyncOrder =
  ({ destination, client }: SyncOrderDeps): JobHandler<typeof syncOrder> =>
  async ({ job, payload, signal, effectBegins, isLastAttempt }) => {
    const { orderId } = payload;
    const version = job.intentVersion ?? payload.version;
    if (version <= job.ackedVersion) return skipped('the destination has this version already', { outcome: 'superseded' });

    const { order } = job;
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
      const failure = failureOf(error, destination, job, signal);
      const { partnerVersion = 0 } = failure.details as { partnerVersion?: number };
      if (partnerVersion >= version) return told(version, { confirmationId: 'conflict' });
      if (idempotency.mode !== 'lookup' || !isLastAttempt || !isAmbiguous(failure)) throw failure;
      // The job is about to end, so the destination is asked once more. Without its answer the outcome is unknown.
      const lastWord = await client.lookupVersion(orderId, signal).catch(() => Promise.reject(failure));
      if ((lastWord ?? 0) >= version) return told(version, { confirmationId: 'lookup' });
      throw new PermanentError(failure.code, `${failure.message}, and it does not have version ${version}`, { cause: failure });
    }
  };

const told = (version: number, log: Extract<HandlerResult, { kind: 'done' }>['log']): HandlerResult =>
  done({ resultVersion: version, log });

/** Marks a failure after which the request may have been taken. An abort is such a failure. */
function failureOf(error: unknown, { idempotency }: Destination, job: ClaimedJob, signal: AbortSignal): AppError {
  const failure = isAppError(error) ? error : new RetryableError('job-failed', 'The request failed', { cause: error });
  const isOpen = isAmbiguous(failure) || (signal.aborted && error === signal.reason);
  if (idempotency.mode === 'none' && isOpen) return unknownOutcome(`The request of job ${job.id} was not answered`, failure);
  if (!isOpen || !(failure instanceof RetryableError)) return failure;
  const { code, message, retryAfterMs, details } = failure;
  return new RetryableError(code, message, { cause: failure, retryAfterMs, details: { ...details, ambiguous: true } });
}

const unknownOutcome = (message: string, cause: AppError): UnknownOutcomeError =>
  new UnknownOutcomeError('destination-outcome-unknown', message, { cause, details: cause.details });

function traceHeaders(): { traceparent?: string; tracestate?: string } {
  const { traceparent, tracestate } = currentTraceContext() ?? {};
  return { traceparent, ...(tracestate ? { tracestate } : {}) };
}
