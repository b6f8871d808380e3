import type { Database, FindApiKey, Intake } from '@orderly/database';
import type { FastifyInstance } from 'fastify';
import { createRequireScope } from '../authenticate';
import type { Relay } from '@orderly/queue';
import { addDeadLetterRoutes } from './dead-letters/route';
import { addEventRoutes } from './events/route';
import { addJobRoutes } from './jobs/route';
import { addOrderRoutes } from './orders/route';
import { addStatisticsRoutes } from './stats/route';

export interface RouteDependencies {
  readonly db: Database;
  readonly findApiKey: FindApiKey;
  readonly intake: Intake;
  readonly relay: Relay;
}

/** Adds all routes of the API. */
export function addRoutes(app: FastifyInstance, { db, findApiKey, intake, relay }: RouteDependencies): void {
  const requireScope = createRequireScope(findApiKey);
  addEventRoutes(app, { db, intake, relay, requireScope });
  addOrderRoutes(app, { db, requireScope });
  addJobRoutes(app, { db, requireScope });
  addDeadLetterRoutes(app, { db, requireScope });
  addStatisticsRoutes(app, { db, requireScope });
}
