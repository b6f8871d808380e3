import { metrics } from '@orderly/observability';
import type { FastifyRequest } from 'fastify';
import { traceIdOfRequest } from '../../http/http-server';
import { jsonAnswer, problemAnswer } from '../../http/answer';
import { links } from '../links';
import { RequestRefused } from '../../http/request-refused';
import { checkEvent, type CheckedEvent } from '../../intake/check-event';
import type { CheckedRequest } from '../../intake/take-events';
import type { OneTaken } from './schema';

/**
 * Checks a request with a single event.
 *
 * @throws RequestRefused if the event is invalid
 */
export function checkOne(body: unknown, request: FastifyRequest): CheckedRequest {
  const checked = check(body);
  const { id, source, orderId } = checked.event;
  const traceId = traceIdOfRequest(request);
  return {
    events: [checked],
    answer([result]) {
      if (result === undefined) throw new Error('The intake gave no result');
      const { status, eventId } = result;
      if (status === 'reused') {
        const faults = [{ pointer: '#/id', detail: 'belongs to another event' }];
        return problemAnswer(new RequestRefused('event-id-reused', { faults }), traceId);
      }
      const self = links.event(source, id);
      const taken: OneTaken = {
        eventId,
        id,
        orderId,
        status,
        links: { self, order: links.order(orderId), job: links.job(eventId) },
      };
      return jsonAnswer(202, taken, { location: self });
    },
  };
}

function check(body: unknown): CheckedEvent {
  try {
    return checkEvent(body);
  } catch (error) {
    metrics.eventsAccepted.add({ type: 'unknown', result: 'rejected' });
    throw error;
  }
}
