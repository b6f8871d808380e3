import { StorableText } from '@orderly/contracts';
import type { PauseRequest } from '@orderly/ledger';
import { z } from 'zod';
import { actorOf } from '../http/authenticate';
import { traceIdOfRequest } from '../http/http-server';
import type { OperationRequest } from '../http/operation';
import { IdempotencyKeyHeader, IdempotentReplayed } from '../idempotency/idempotency-key';
import type { ApiErrorCode } from '../http/status-of-code';

// Parts that all calls of operators share.

/** The person for whom the caller acts. */
export const OnBehalfOf = StorableText(200)
  .min(1)
  .optional()
  .meta({ description: 'The person for whom the caller acts; stored as `onBehalfOf`' });

/** Why an operator acts. Stored in the audit trail. */
export const Reason = StorableText(1000).min(1).meta({ description: 'Stored in the audit trail' });

export const keyHeaders = z.object({ 'Idempotency-Key': IdempotencyKeyHeader.optional() });
export const replayHeaders = z.object({ 'Idempotent-Replayed': IdempotentReplayed.optional() });

/** The errors of every call with a JSON body and an `Idempotency-Key`. */
export const errorsOfActions: readonly ApiErrorCode[] = [
  'invalid-json',
  'unsupported-media-type',
  'payload-too-large',
  'idempotency-key-invalid',
  'idempotency-key-reused',
  'idempotency-in-progress',
];

/** Who acts, and in which trace. */
export const actionOf = (
  { request, apiKey }: Pick<OperationRequest<z.ZodObject, z.ZodObject>, 'request' | 'apiKey'>,
  { actor, reason }: { readonly actor?: string; readonly reason?: string },
): Required<Pick<PauseRequest, 'actor' | 'reason'>> & { readonly traceId: string } => ({
  actor: actorOf(apiKey(), actor ?? null),
  reason: reason ?? null,
  traceId: traceIdOfRequest(request),
});
