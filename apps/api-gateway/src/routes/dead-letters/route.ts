import { listDeadLetters, type Database } from '@orderly/database';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { addOperation } from '../../operation';
import { within } from '../../within';
import { listDeadLettersOperation } from './schema';

export interface DeadLetterRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addDeadLetterRoutes(app: FastifyInstance, { db, requireScope }: DeadLetterRouteDependencies): void {
  addOperation(app, requireScope, listDeadLettersOperation, async ({ query: { cursor, limit, ...filter } }) => {
    // One more than asked for tells whether there is a next page.
    const found = await within(listDeadLetters(db, { ...filter, limit: limit + 1, before: cursor }));
    const page = found.slice(0, limit);
    return {
      deadLetters: page.map((letter) => ({ ...letter, links: { job: links.job(letter.id) } })),
      nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  });
}
