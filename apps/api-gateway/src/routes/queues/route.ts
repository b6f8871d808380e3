import { destinationOfQueue, syncQueueName } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { pauseQueue, type PauseResult, resumeQueue } from '@orderly/ledger';
import { isKnownQueue, type QueueRecord, readQueues } from '@orderly/read-model';
import type { Logger } from '@orderly/observability';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { actorOf, type RequireScope } from '../../http/authenticate';
import { traceIdOfRequest } from '../../http/http-server';
import { addOperation, type OperationRequest } from '../../http/operation';
import { parseBody } from '../../http/parse-body';
import { RequestRefused } from '../../http/request-refused';
import { sharedRead } from '../shared-read';
import { orUnavailable } from '../../http/or-unavailable';
import {
  listQueuesOperation,
  PauseBody,
  pauseDestinationOperation,
  pauseQueueOperation,
  resumeDestinationOperation,
  resumeQueueOperation,
} from './schema';

export interface QueueRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
  /** Lets the workers of a queue notice at once that it goes on. */
  readonly release: (queue: string) => Promise<void>;
  readonly logger: Logger;
}

export function addQueueRoutes(app: FastifyInstance, { db, requireScope, release, logger }: QueueRouteDependencies): void {
  const readAll = sharedRead<void, QueueRecord[]>(() => orUnavailable(readQueues(db)));
  addOperation(app, requireScope, listQueuesOperation, async () => ({ queues: await readAll() }));

  addOperation(app, requireScope, pauseQueueOperation, (request) => pause(request.params.name, 'not-found', request));
  addOperation(app, requireScope, resumeQueueOperation, (request) => resume(request.params.name, 'not-found', request));
  addOperation(app, requireScope, pauseDestinationOperation, (request) =>
    pause(syncQueueName(request.params.name), 'destination-unknown', request),
  );
  addOperation(app, requireScope, resumeDestinationOperation, (request) =>
    resume(syncQueueName(request.params.name), 'destination-unknown', request),
  );

  async function pause(queue: string, unknown: UnknownCode, request: PauseRequestOf) {
    const asked = askedFor(request);
    await checkKnown(queue, unknown);
    return stateOf(queue, await orUnavailable(pauseQueue(db, queue, asked)));
  }

  async function resume(queue: string, unknown: UnknownCode, request: PauseRequestOf) {
    const asked = askedFor(request);
    await checkKnown(queue, unknown);
    const result = await orUnavailable(resumeQueue(db, queue, asked));
    // Without it, or while Redis is away, workers look again by themselves within seconds.
    if (result.changed)
      void release(queue).catch((error: unknown) => logger.debug({ err: error, queue }, 'Not released in Redis'));
    return stateOf(queue, result);
  }

  async function checkKnown(queue: string, code: UnknownCode): Promise<void> {
    if (!(await orUnavailable(isKnownQueue(db, queue)))) throw new RequestRefused(code, { detail: unknownNames[code] });
  }
}

type UnknownCode = 'not-found' | 'destination-unknown';
const unknownNames: Readonly<Record<UnknownCode, string>> = {
  'not-found': 'No queue that is known has this name: GET /v1/queues shows them all',
  'destination-unknown': 'No destination that is known has this name: GET /v1/queues shows them all',
};
type PauseRequestOf = OperationRequest<z.ZodObject, z.ZodObject>;

function askedFor({ body, request, apiKey }: PauseRequestOf) {
  const { reason, actor } = body === undefined ? {} : parseBody(PauseBody, body);
  return { actor: actorOf(apiKey(), actor ?? null), reason, traceId: traceIdOfRequest(request) };
}

const stateOf = (queue: string, { changed, paused }: PauseResult) => ({
  queue,
  destination: destinationOfQueue(queue) ?? null,
  paused,
  changed,
});
