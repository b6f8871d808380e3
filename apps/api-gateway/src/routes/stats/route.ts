import { readStatistics, type Database, type Statistics } from '@orderly/database';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { addOperation } from '../../operation';
import { within } from '../../within';
import { readStatisticsOperation } from './schema';
import { summarise } from './summarise';

export interface StatisticsRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addStatisticsRoutes(app: FastifyInstance, { db, requireScope }: StatisticsRouteDependencies): void {
  const read = sharedReads((batch) => readStatistics(db, batch));

  addOperation(app, requireScope, readStatisticsOperation, async ({ query: { batch } }) =>
    summarise(batch, await within(read(batch))),
  );
}

/** Those who ask while the same numbers are being counted share them. */
function sharedReads(read: (batch?: string) => Promise<Statistics>): (batch?: string) => Promise<Statistics> {
  const underWay = new Map<string | undefined, Promise<Statistics>>();
  return (batch) => {
    const shared = underWay.get(batch);
    if (shared !== undefined) return shared;
    const counting = read(batch).finally(() => underWay.delete(batch));
    underWay.set(batch, counting);
    return counting;
  };
}
