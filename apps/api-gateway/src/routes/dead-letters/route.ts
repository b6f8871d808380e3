import type { Database } from '@orderly/database';
import { listJobs } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { links } from '../links';
import { nextCursorOf } from '../list-query';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import { listDeadLettersOperation } from './schema';

export interface DeadLetterRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addDeadLetterRoutes(app: FastifyInstance, { db, requireScope }: DeadLetterRouteDependencies): void {
  addOperation(app, requireScope, listDeadLettersOperation, async ({ query: { cursor, limit, code, ...filter } }) => {
    const page = await orUnavailable(listJobs(db, { ...filter, errorCode: code, outcome: 'dead' }, { limit, after: cursor }));
    return {
      deadLetters: page.rows.map((letter) => ({ ...letter, links: { job: links.job(letter.id) } })),
      nextCursor: nextCursorOf('dead-letters', page),
    };
  });
}
