import { type Answer, requestStatusChange, type StatusChangeAnswer } from '@orderly/ledger';
import { metrics, traceIdOf } from '@orderly/observability';
import type { Relay } from '@orderly/queue';
import { actorOf } from '../../http/authenticate';
import { traceIdOfRequest } from '../../http/http-server';
import { jsonAnswer, problemAnswer } from '../../http/answer';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { inCreateSpan } from '../../intake/in-create-span';
import { links } from '../links';
import type { OperationRequest, Sent } from '../../http/operation';
import { parseBody } from '../../http/parse-body';
import { RequestRefused } from '../../http/request-refused';
import { StatusChangeBody, type OrderParams, type StatusChangeTaken } from './schema';
import { unknownOrder } from './unknown-order';

export interface ChangeStatusDependencies {
  readonly answerOnce: AnswerOnce;
  readonly relay: Relay;
}

type ChangeStatusRequest = Pick<OperationRequest<typeof OrderParams, never>, 'params' | 'body' | 'request' | 'reply' | 'apiKey'>;

/** Stores a manual status change as an event, or refuses it if it can never be applied. */
export async function changeStatus(
  { params: { orderId }, body, request, reply, apiKey }: ChangeStatusRequest,
  { answerOnce, relay }: ChangeStatusDependencies,
): Promise<Sent> {
  const { actor, expectedVersion = null, ...change } = parseBody(StatusChangeBody, body);
  return inCreateSpan({ 'orderly.order.id': orderId }, request.headers, (trace, span) => {
    const traceId = traceIdOf(trace.traceparent) ?? traceIdOfRequest(request);
    return answerOnce(
      { request, reply, apiKey, body },
      {
        work: async (query) => {
          const asked = { ...change, orderId, expectedVersion, actor: actorOf(apiKey(), actor), ...trace };
          const value = await requestStatusChange({ query }, { ...asked, traceId });
          // Thrown, so the answer is not stored under the idempotency key: the order may still arrive before a retry.
          if (value.status === 'order-unknown') throw await unknownOrder({ query }, orderId);
          return { answer: answerTo(value, orderId, traceId), value };
        },
        onCommitted: (taken) => {
          const type = change.status === 'cancelled' ? 'order.cancelled' : 'order.status_changed';
          const isAccepted = taken.status === 'accepted';
          metrics.eventsAccepted.add({ type, result: isAccepted ? 'accepted' : 'rejected' });
          if (!isAccepted) return;
          span?.setAttribute('messaging.message.id', taken.eventId);
          relay([taken.job]);
        },
      },
    );
  });
}

function answerTo(
  taken: Exclude<StatusChangeAnswer, { readonly status: 'order-unknown' }>,
  orderId: string,
  traceId: string,
): Answer {
  switch (taken.status) {
    case 'accepted': {
      const { eventId, source, id } = taken;
      const self = links.event(source, id);
      const body: StatusChangeTaken = {
        eventId,
        id,
        orderId,
        status: 'accepted',
        links: { self, order: links.order(orderId), job: links.job(eventId) },
      };
      return jsonAnswer(202, body, { location: self });
    }
    case 'version-conflict':
      return problemAnswer(
        new RequestRefused('version-conflict', {
          detail: `The order has version ${taken.currentVersion}`,
          details: { currentVersion: taken.currentVersion },
        }),
        traceId,
      );
    case 'transition-not-allowed':
      return problemAnswer(
        new RequestRefused('transition-not-allowed', {
          detail: `The order is ${taken.current}`,
          details: { current: taken.current, allowed: [...taken.allowed] },
        }),
        traceId,
      );
  }
}
