import { resyncOrder } from '@orderly/ledger';
import { traceContextFromHeaders, currentTraceContext } from '@orderly/observability';
import type { Relay } from '@orderly/queue';
import { jsonAnswer } from '../../http/answer';
import type { OperationRequest, Sent } from '../../http/operation';
import { parseBody } from '../../http/parse-body';
import { RequestRefused } from '../../http/request-refused';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { links } from '../links';
import { ResyncBody, type OrderParams } from './schema';
import { unknownOrder } from './unknown-order';

export interface ResyncDependencies {
  readonly answerOnce: AnswerOnce;
  readonly relay: Relay;
}

/** Sends the current version of an order to one destination. */
export async function resync(
  asked: OperationRequest<typeof OrderParams, never>,
  { answerOnce, relay }: ResyncDependencies,
): Promise<Sent> {
  const { params, body, request } = asked;
  const { orderId } = params;
  const { destination, ...action } = parseBody(ResyncBody, body);
  const { traceparent = null, tracestate = null } = currentTraceContext() ?? traceContextFromHeaders(request.headers) ?? {};
  return answerOnce(asked, {
    work: async (query) => {
      const asksFor = { orderId, destination, ...actionOf(asked, action), traceparent, tracestate };
      const taken = await resyncOrder(query, asksFor);
      // Thrown, so the refusals are not stored under the idempotency key.
      switch (taken.status) {
        case 'order-unknown':
          throw await unknownOrder({ query }, orderId);
        case 'destination-unknown':
          throw new RequestRefused('destination-unknown', {
            detail: `The destinations file does not contain ${destination}, or no worker has read it yet`,
          });
        case 'outcome-unknown':
          throw new RequestRefused('destination-outcome-unknown', {
            detail: `Settle job ${taken.jobId} first: its request might still arrive after this one`,
            details: { jobId: taken.jobId },
          });
        case 'accepted': {
          const { jobId, version, runnable } = taken;
          const answer = { orderId, destination, version, jobId, links: { order: links.order(orderId), job: links.job(jobId) } };
          return { answer: jsonAnswer(202, answer, { location: links.job(jobId) }), value: runnable };
        }
      }
    },
    onCommitted: (runnable) => relay(runnable),
  });
}
