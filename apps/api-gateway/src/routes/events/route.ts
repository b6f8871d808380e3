import type { Actor } from '@orderly/contracts';
import { findEvent, type Database } from '@orderly/database';
import { metrics } from '@orderly/observability';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, type RequireScope } from '../../authenticate';
import { traceIdOfRequest } from '../../http-server';
import { links } from '../../links';
import { addOperation, sent, type Sent } from '../../operation';
import { problemContentType, problemOf } from '../../problem';
import { RequestRefused } from '../../request-refused';
import { within } from '../../within';
import { BatchLabel, checkEvent, type CheckedEvent } from './check-event';
import { findEventOperation, postEventsOperation, type OneTaken } from './schema';
import { takeBatch, type BatchAnswer } from './take-batch';
import { takeEvents, type RequestFacts, type TakeEventsDependencies } from './take-events';

export interface EventRouteDependencies extends TakeEventsDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addEventRoutes(app: FastifyInstance, { db, requireScope, ...taking }: EventRouteDependencies): void {
  addOperation(app, requireScope, postEventsOperation, async ({ body, request, reply, apiKey }) => {
    const facts = factsOf(request, actorOf(apiKey()));
    if (body === undefined) throw new RequestRefused('invalid-json', { detail: 'The body is empty' });
    return Array.isArray(body) ? postBatch(body, facts, request, reply) : postOne(body, facts, reply);
  });

  addOperation(app, requireScope, findEventOperation, async ({ params: { source, id } }) => {
    const event = await within(findEvent(db, source, id));
    if (event === undefined) throw new RequestRefused('not-found');
    return {
      ...event,
      links: { self: links.event(source, id), order: links.order(event.orderId), job: links.job(event.eventId) },
    };
  });

  async function postOne(body: unknown, facts: RequestFacts, reply: FastifyReply): Promise<OneTaken> {
    const checked = checkOne(body);
    const [result] = await takeEvents([checked], facts, taking);
    if (result === undefined) throw new Error('The intake gave no result');
    const { status, eventId } = result;
    const { id, source, orderId } = checked.event;
    if (status === 'reused') {
      throw new RequestRefused('event-id-reused', { faults: [{ pointer: '#/id', detail: 'belongs to another event' }] });
    }
    const self = links.event(source, id);
    void reply.header('location', self);
    return { eventId, id, orderId, status, links: { self, order: links.order(orderId), job: links.job(eventId) } };
  }

  async function postBatch(
    bodies: readonly unknown[],
    facts: RequestFacts,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<BatchAnswer | Sent> {
    const answer = await takeBatch(bodies, facts, taking);
    if (answer.rejected < bodies.length) return answer;
    const problem = problemOf(new RequestRefused('batch-rejected'), traceIdOfRequest(request));
    void reply
      .code(problem.status)
      .type(problemContentType)
      .send(JSON.stringify({ ...problem, ...answer }));
    return sent;
  }
}

function checkOne(body: unknown): CheckedEvent {
  try {
    return checkEvent(body);
  } catch (error) {
    metrics.eventsAccepted.add({ type: 'unknown', result: 'rejected' });
    throw error;
  }
}

function factsOf({ headers }: FastifyRequest, actor: Actor): RequestFacts {
  const label = headers['orderly-batch'];
  if (label === undefined) return { batch: null, headers, actor };
  const parsed = BatchLabel.safeParse(label);
  if (!parsed.success) {
    throw new RequestRefused('validation-failed', { detail: 'The header Orderly-Batch must be 1 to 100 printable characters' });
  }
  return { batch: parsed.data, headers, actor };
}
