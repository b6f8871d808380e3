import type { Database } from '@orderly/database';
import type { Relay } from '@orderly/queue';
import { groupDeadLetters, listDeadLetters, type DeadLetterRecord } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { links } from '../links';
import { nextCursorOf } from '../list-query';
import { discard } from './discard';
import { redrive } from './redrive';
import { discardOperation, groupDeadLettersOperation, listDeadLettersOperation, redriveOperation } from './schema';

export interface DeadLetterRouteDependencies {
  readonly db: Database;
  readonly answerOnce: AnswerOnce;
  readonly relay: Relay;
  readonly requireScope: RequireScope;
}

export function addDeadLetterRoutes(app: FastifyInstance, { db, requireScope, ...acting }: DeadLetterRouteDependencies): void {
  addOperation(app, requireScope, listDeadLettersOperation, async ({ query: { cursor, limit, code, job, ...filter } }) => {
    const page = await orUnavailable(listDeadLetters(db, { ...filter, name: job, errorCode: code }, { limit, after: cursor }));
    return { deadLetters: page.rows.map(shownLetter), nextCursor: nextCursorOf('dead-letters', page) };
  });

  addOperation(app, requireScope, groupDeadLettersOperation, async ({ query }) => {
    const groups = await orUnavailable(groupDeadLetters(db, query));
    return { groups: groups.map(({ example, ...group }) => ({ ...group, example: example && shownLetter(example) })) };
  });

  addOperation(app, requireScope, redriveOperation, (request) => redrive(request, acting));
  addOperation(app, requireScope, discardOperation, (request) => discard(request, acting));
}

/** A letter with the partner's own words, so that nobody has to open its attempts for them. */
function shownLetter(letter: DeadLetterRecord) {
  const last = letter.attempts.at(-1);
  return {
    ...letter,
    answer: typeof last?.responseStatus === 'number' ? { status: last.responseStatus, excerpt: last.responseExcerpt } : null,
    traceId: last?.traceId ?? null,
    links: { job: links.job(letter.id), ...(letter.orderId !== null && { order: links.order(letter.orderId) }) },
  };
}
