import type { Database } from '@orderly/database';
import type { Intake } from '@orderly/ledger';
import type { Logger } from '@orderly/observability';
import type { FastifyInstance } from 'fastify';
import { createRequireScope, type Admission } from '../http/authenticate';
import { createAnswerOnce } from '../idempotency/answer-once';
import type { AnswerRetention } from '../idempotency/keyed-request';
import type { Relay } from '@orderly/queue';
import { addAuditRoutes } from './audit/route';
import { addDeadLetterRoutes } from './dead-letters/route';
import { addDocsRoutes } from './docs/route';
import { addEventRoutes } from './events/route';
import { addJobRoutes } from './jobs/route';
import { addMessageRoutes } from './messages/route';
import { addOperationRoutes } from './operation-progress/route';
import { addOrderRoutes } from './orders/route';
import { addQueueRoutes } from './queues/route';
import { addStatisticsRoutes } from './stats/route';
import { addTimelineRoutes } from './timeline/route';
import type { WebhookSettings } from './webhooks/open-delivery';
import { addWebhookRoutes, type WebhookRouteDependencies } from './webhooks/route';

export interface RouteDependencies {
  readonly db: Database;
  readonly admission: Admission;
  readonly intake: Intake;
  readonly idempotency: AnswerRetention;
  readonly relay: Relay;
  /** Wakes the workers of a queue, so that they fetch at once after a resume. */
  readonly release: (queue: string) => Promise<void>;
  readonly docsPageFolder: string;
  readonly logger: Logger;
  readonly webhooks: WebhookSettings;
  readonly onForgery: WebhookRouteDependencies['onForgery'];
}

/** Adds all routes of the API. */
export function addRoutes(app: FastifyInstance, deps: RouteDependencies): void {
  const { db, admission, intake, idempotency, relay, release, docsPageFolder, logger, webhooks, onForgery } = deps;
  const answerOnce = createAnswerOnce(db, idempotency);
  const requireScope = createRequireScope(admission);
  addDocsRoutes(app, { docsPageFolder });
  addEventRoutes(app, { db, intake, idempotency, relay, requireScope });
  addWebhookRoutes(app, { intake, relay, logger, webhooks, requireScope, onForgery });
  addOrderRoutes(app, { db, answerOnce, relay, requireScope });
  addJobRoutes(app, { db, answerOnce, relay, requireScope });
  addDeadLetterRoutes(app, { db, answerOnce, relay, requireScope });
  addOperationRoutes(app, { db, answerOnce, requireScope });
  addMessageRoutes(app, { db, requireScope });
  addAuditRoutes(app, { db, requireScope });
  addQueueRoutes(app, { db, answerOnce, requireScope, release, logger });
  addTimelineRoutes(app, { db, requireScope });
  addStatisticsRoutes(app, { db, requireScope });
}
