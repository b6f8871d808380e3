import type { Database } from '@orderly/database';
import { readStatistics } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { sharedRead } from '../shared-read';
import { orUnavailable } from '../../http/or-unavailable';
import { readStatisticsOperation } from './schema';
import { summarise } from './summarise';

export interface StatisticsRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addStatisticsRoutes(app: FastifyInstance, { db, requireScope }: StatisticsRouteDependencies): void {
  const read = sharedRead((batch: string | undefined) => orUnavailable(readStatistics(db, batch)));

  addOperation(app, requireScope, readStatisticsOperation, async ({ query: { batch } }) => summarise(batch, await read(batch)));
}
