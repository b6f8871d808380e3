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
  /** Wakes the workers of a queue, so that they fetch at once after a resume. */
  readonly release: (queue: string) => Promise<void>;
  readonly logger: Logger;
}

export function addQueueRoutes(app: FastifyInstance, { db, requireScope, release, logger }: QueueRouteDependencies): void {
  // Dashboards poll this list, and it counts all open jobs: concurrent callers share one read.
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
    // Only an acceleration: if Redis is away, the workers look again by themselves within seconds.
    if (result.changed)
      void release(queue).catch((error: unknown) =>
        logger.debug({ err: error, queue }, 'Could not wake the workers of a resumed queue; they look again within seconds'),
      );
    return stateOf(queue, result);
  }

  async function checkKnown(queue: string, code: UnknownCode): Promise<void> {
    if (!(await orUnavailable(isKnownQueue(db, queue)))) throw new RequestRefused(code, { detail: unknownNames[code] });
  }
}

type UnknownCode = 'not-found' | 'destination-unknown';
const unknownNames: Readonly<Record<UnknownCode, string>> = {
  'not-found': 'No known queue has this name: GET /v1/queues lists them',
  'destination-unknown': 'No known destination has this name: GET /v1/queues lists them',
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
