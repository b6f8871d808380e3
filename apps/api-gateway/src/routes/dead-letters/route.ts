import { listDeadLetters, type Database } from '@orderly/database';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { parseParameters } from '../../parse-parameters';
import { within } from '../../within';
import { DeadLetterQuery } from './schema';

export interface DeadLetterRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addDeadLetterRoutes(app: FastifyInstance, { db, requireScope }: DeadLetterRouteDependencies): void {
  app.get('/v1/dead-letters', { onRequest: requireScope('ops:read') }, async (request) => {
    const { cursor, limit, ...filter } = parseParameters(DeadLetterQuery, request.query);
    // One more than asked for tells whether there is a next page.
    const found = await within(listDeadLetters(db, { ...filter, limit: limit + 1, before: cursor }));
    const page = found.slice(0, limit);
    return {
      deadLetters: page.map((letter) => ({ ...letter, links: { job: links.job(letter.id) } })),
      nextCursor: found.length > limit ? page.at(-1)?.id : null,
    };
  });
}
