import type { Database } from '@orderly/database';
import { maxCountedJobs, readStatistics, type StatisticsScope } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { parametersRefused } from '../../http/parse-parameters';
import type { RequestRefused } from '../../http/request-refused';
import { sharedRead } from '../shared-read';
import { orUnavailable } from '../../http/or-unavailable';
import { defaultSpanMs, maxSpanMs, readStatisticsOperation, type StatisticsQuery } from './schema';
import { summarise } from './summarise';

export interface StatisticsRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addStatisticsRoutes(app: FastifyInstance, { db, requireScope }: StatisticsRouteDependencies): void {
  // Dashboards poll these counts, and each read takes long: concurrent callers with the same query share one read.
  const read = sharedRead(async (query: StatisticsQuery) => {
    const scope = scopeOf(query, new Date());
    const statistics = await orUnavailable(readStatistics(db, scope));
    if (statistics === undefined) throw tooManyJobs();
    return summarise(scope, statistics);
  }, JSON.stringify);

  addOperation(app, requireScope, readStatisticsOperation, async ({ query }) => read(query));
}

function scopeOf({ batch, from, to }: StatisticsQuery, now: Date): StatisticsScope {
  if (batch !== undefined) return { batch };
  if (from) return { from, to: to ?? new Date(from.getTime() + maxSpanMs) };
  if (to) return { from: new Date(to.getTime() - maxSpanMs), to };
  return { from: new Date(now.getTime() - defaultSpanMs), to: now };
}

/** Named before the statement runs out of time, because a 503 would invite the caller to repeat the same request. */
const tooManyJobs = (): RequestRefused =>
  parametersRefused([{ parameter: 'from', detail: `and to span more than ${maxCountedJobs} jobs; choose a shorter span` }]);
