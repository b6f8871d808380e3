import type { Database } from '@orderly/database';
import { findEvent, listEvents } from '@orderly/read-model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendAnswer } from '../../http/answer';
import { actorOf, type RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import { RequestRefused } from '../../http/request-refused';
import { sendOnceResult } from '../../idempotency/answer-once';
import { type AnswerRetention, keyedRequestOf } from '../../idempotency/keyed-request';
import { BatchLabel } from '../../intake/check-event';
import { takeEvents, type TakeEventsDependencies } from '../../intake/take-events';
import { links } from '../links';
import { nextCursorOf } from '../list-query';
import { checkBatch } from './check-batch';
import { checkOne } from './check-one';
import { findEventOperation, listEventsOperation, postEventsOperation } from './schema';

export interface EventRouteDependencies extends TakeEventsDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
  readonly idempotency: AnswerRetention;
}

export function addEventRoutes(app: FastifyInstance, { db, requireScope, idempotency, ...taking }: EventRouteDependencies): void {
  addOperation(app, requireScope, postEventsOperation, async ({ body, request, reply, apiKey }) => {
    const batch = batchOf(request);
    if (body === undefined) throw new RequestRefused('invalid-json', { detail: 'The body is empty' });
    const key = keyedRequestOf({ request, apiKey: apiKey(), body, labels: [batch] }, idempotency);
    const checked = Array.isArray(body) ? checkBatch(body, request) : checkOne(body, request);
    // Nothing is stored, so a retry can do no harm: the idempotency key is not used up.
    if (checked.events.length === 0) return sendAnswer(reply, checked.answer([]));
    return sendOnceResult(reply, await takeEvents({ request, batch, actor: actorOf(apiKey()), key, ...checked }, taking));
  });

  addOperation(app, requireScope, listEventsOperation, async ({ query: { limit, cursor, ...filter } }) => {
    const page = await orUnavailable(listEvents(db, filter, { limit, after: cursor }));
    return {
      events: page.rows.map((event) => ({
        ...event,
        links: { self: links.event(event.source, event.id), order: links.order(event.orderId), job: links.job(event.eventId) },
      })),
      nextCursor: nextCursorOf('events', page),
    };
  });

  addOperation(app, requireScope, findEventOperation, async ({ params: { source, id } }) => {
    const event = await orUnavailable(findEvent(db, source, id));
    if (event === undefined) throw new RequestRefused('not-found', { detail: 'No stored event of this source has this id' });
    return {
      ...event,
      links: { self: links.event(source, id), order: links.order(event.orderId), job: links.job(event.eventId) },
    };
  });
}

function batchOf({ headers }: FastifyRequest): string | null {
  const label = headers['orderly-batch'];
  if (label === undefined) return null;
  const parsed = BatchLabel.safeParse(label);
  if (parsed.success) return parsed.data;
  throw new RequestRefused('validation-failed', {
    detail: 'The header Orderly-Batch must be 1 to 100 printable ASCII characters without spaces',
  });
}
