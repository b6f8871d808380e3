import type { Database } from '@orderly/database';
import { readStatistics, type StatisticsScope } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { sharedRead } from '../shared-read';
import { orUnavailable } from '../../http/or-unavailable';
import { maxSpanMs, readStatisticsOperation, type StatisticsQuery } from './schema';
import { summarise } from './summarise';

export interface StatisticsRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addStatisticsRoutes(app: FastifyInstance, { db, requireScope }: StatisticsRouteDependencies): void {
  // Dashboards poll these counts, and each read takes long: concurrent callers with the same query share one read.
  const read = sharedRead(async (query: StatisticsQuery) => {
    const scope = scopeOf(query, new Date());
    return summarise(scope, await orUnavailable(readStatistics(db, scope)));
  }, JSON.stringify);

  addOperation(app, requireScope, readStatisticsOperation, async ({ query }) => read(query));
}

function scopeOf({ batch, from, to }: StatisticsQuery, now: Date): StatisticsScope {
  if (batch !== undefined) return { batch };
  const end = to ?? (from ? new Date(from.getTime() + maxSpanMs) : now);
  return { from: from ?? new Date(end.getTime() - maxSpanMs), to: end };
}
