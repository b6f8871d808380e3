import type { AcceptOnce, Database, FindApiKey, Intake } from '@orderly/database';
import type { Logger } from '@orderly/observability';
import type { FastifyInstance } from 'fastify';
import { createRequireScope } from '../authenticate';
import type { Relay } from '@orderly/queue';
import { addDeadLetterRoutes } from './dead-letters/route';
import { addDocsRoutes } from './docs/route';
import { addEventRoutes } from './events/route';
import { addJobRoutes } from './jobs/route';
import { addOrderRoutes } from './orders/route';
import { addStatisticsRoutes } from './stats/route';
import type { WebhookSettings } from './webhooks/open-delivery';
import { addWebhookRoutes } from './webhooks/route';

export interface RouteDependencies {
  readonly db: Database;
  readonly findApiKey: FindApiKey;
  readonly intake: Intake;
  readonly relay: Relay;
  readonly docsPageFolder: string;
  readonly logger: Logger;
  readonly webhooks: WebhookSettings;
  readonly acceptDelivery: AcceptOnce;
}

/** Adds all routes of the API. */
export function addRoutes(app: FastifyInstance, deps: RouteDependencies): void {
  const { db, findApiKey, intake, relay, docsPageFolder, logger, webhooks, acceptDelivery } = deps;
  const requireScope = createRequireScope(findApiKey);
  addDocsRoutes(app, { docsPageFolder });
  addEventRoutes(app, { db, intake, relay, requireScope });
  addWebhookRoutes(app, { acceptOnce: acceptDelivery, relay, logger, webhooks, requireScope });
  addOrderRoutes(app, { db, requireScope });
  addJobRoutes(app, { db, requireScope });
  addDeadLetterRoutes(app, { db, requireScope });
  addStatisticsRoutes(app, { db, requireScope });
}
