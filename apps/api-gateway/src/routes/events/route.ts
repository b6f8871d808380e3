import type { Actor } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { findEvent } from '@orderly/read-model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf, type RequireScope } from '../../authenticate';
import { traceIdOfRequest } from '../../http-server';
import { sendAnswer } from '../../idempotency/answer';
import { sendOnceResult } from '../../idempotency/answer-once';
import { keyedRequestOf } from '../../idempotency/keyed-request';
import { links } from '../../links';
import { addOperation } from '../../operation';
import { RequestRefused } from '../../request-refused';
import { within } from '../../within';
import { checkBatch } from './check-batch';
import { BatchLabel } from './check-event';
import { checkOne } from './check-one';
import { findEventOperation, postEventsOperation } from './schema';
import { takeEvents, takeEventsOnce, type RequestFacts, type TakeEventsDependencies } from './take-events';

export interface EventRouteDependencies extends TakeEventsDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addEventRoutes(app: FastifyInstance, { db, requireScope, ...taking }: EventRouteDependencies): void {
  addOperation(app, requireScope, postEventsOperation, async ({ body, request, reply, apiKey }) => {
    const facts = factsOf(request, actorOf(apiKey()));
    if (body === undefined) throw new RequestRefused('invalid-json', { detail: 'The body is empty' });
    const keyed = keyedRequestOf({ request, apiKey: apiKey(), body, labels: [facts.batch] });
    const checked = Array.isArray(body) ? checkBatch(body, request) : checkOne(body, request);
    // Where nothing is to be done, there is nothing that a repetition could do twice.
    if (checked.events.length === 0) return sendAnswer(reply, checked.answer([]));
    if (keyed === undefined) return sendAnswer(reply, checked.answer(await takeEvents(checked.events, facts, taking)));
    return sendOnceResult(reply, await takeEventsOnce(keyed, checked, facts, taking));
  });

  addOperation(app, requireScope, findEventOperation, async ({ params: { source, id } }) => {
    const event = await within(findEvent(db, source, id));
    if (event === undefined)
      throw new RequestRefused('not-found', { detail: 'No event of this source that is kept has this id' });
    return {
      ...event,
      links: { self: links.event(source, id), order: links.order(event.orderId), job: links.job(event.eventId) },
    };
  });
}

function factsOf(request: FastifyRequest, actor: Actor): RequestFacts {
  const { headers } = request;
  const traceId = traceIdOfRequest(request);
  const label = headers['orderly-batch'];
  if (label === undefined) return { batch: null, headers, actor, traceId };
  const parsed = BatchLabel.safeParse(label);
  if (!parsed.success) {
    throw new RequestRefused('validation-failed', { detail: 'The header Orderly-Batch must be 1 to 100 printable characters' });
  }
  return { batch: parsed.data, headers, actor, traceId };
}
