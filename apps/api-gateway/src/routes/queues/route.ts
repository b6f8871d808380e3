import { destinationOfQueue, syncQueueName } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import type { PauseResult } from '@orderly/ledger';
import { isKnownQueue, type QueueRecord, readQueues } from '@orderly/read-model';
import type { Logger } from '@orderly/observability';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { jsonAnswer } from '../../http/answer';
import type { RequireScope } from '../../http/authenticate';
import { addOperation, type OperationRequest, type Sent } from '../../http/operation';
import { RequestRefused } from '../../http/request-refused';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { changePause, parsePause, type PauseVerb } from '../pause-action';
import { sharedRead } from '../shared-read';
import { orUnavailable } from '../../http/or-unavailable';
import {
  listQueuesOperation,
  pauseDestinationOperation,
  pauseQueueOperation,
  resumeDestinationOperation,
  resumeQueueOperation,
} from './schema';

export interface QueueRouteDependencies {
  readonly db: Database;
  readonly answerOnce: AnswerOnce;
  readonly requireScope: RequireScope;
  /** Wakes the workers of a queue, so that they fetch at once after a resume. */
  readonly release: (queue: string) => Promise<void>;
  readonly logger: Logger;
}

export function addQueueRoutes(
  app: FastifyInstance,
  { db, answerOnce, requireScope, release, logger }: QueueRouteDependencies,
): void {
  // Dashboards poll this list, and it counts all open jobs: concurrent callers share one read.
  const readAll = sharedRead<void, QueueRecord[]>(() => orUnavailable(readQueues(db)));
  addOperation(app, requireScope, listQueuesOperation, async () => ({ queues: await readAll() }));

  addOperation(app, requireScope, pauseQueueOperation, (asked) => change('pause', asked.params.name, 'not-found', asked));
  addOperation(app, requireScope, resumeQueueOperation, (asked) => change('resume', asked.params.name, 'not-found', asked));
  addOperation(app, requireScope, pauseDestinationOperation, (asked) =>
    change('pause', syncQueueName(asked.params.name), 'destination-unknown', asked),
  );
  addOperation(app, requireScope, resumeDestinationOperation, (asked) =>
    change('resume', syncQueueName(asked.params.name), 'destination-unknown', asked),
  );

  async function change(verb: PauseVerb, queue: string, unknown: UnknownCode, asked: PauseRequestOf): Promise<Sent> {
    const { forSeconds, ...action } = parsePause(verb, asked.body);
    await checkKnown(queue, unknown);
    return answerOnce(asked, {
      work: async (query) => {
        const value = await changePause(query, verb, 'queue', queue, { ...actionOf(asked, action), forSeconds });
        return { answer: jsonAnswer(200, stateOf(queue, value)), value };
      },
      onCommitted: ({ changed }) => {
        if (verb === 'pause' || !changed) return;
        // Only an acceleration: if Redis is away, the workers look again by themselves within seconds.
        void release(queue).catch((error: unknown) =>
          logger.debug({ err: error, queue }, 'Could not wake the workers of a resumed queue; they look again within seconds'),
        );
      },
    });
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

const stateOf = (queue: string, { changed, paused }: PauseResult) => ({
  queue,
  destination: destinationOfQueue(queue) ?? null,
  paused,
  changed,
});
