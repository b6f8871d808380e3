import { createSparseLog, type Logger, metrics } from '@orderly/observability';
import type { PlatformName, VerifiedDelivery, WebhookRequest } from '@orderly/platforms';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { sendAnswer } from '../../http/answer';
import { addOperation } from '../../http/operation';
import { RequestRefused } from '../../http/request-refused';
import type { CheckedEvent } from '../../intake/check-event';
import type { TakeEventsDependencies } from '../../intake/take-events';
import { platformOf, readDelivery, verifyDelivery, type WebhookSettings } from './open-delivery';
import { postWebhookOperation } from './schema';
import { takeDelivery } from './take-delivery';

export interface WebhookRouteDependencies extends TakeEventsDependencies {
  readonly logger: Logger;
  readonly webhooks: WebhookSettings;
  readonly requireScope: RequireScope;
  /** Called for each delivery whose signature does not prove the sender. */
  readonly onForgery: (platform: PlatformName) => void;
}

export function addWebhookRoutes(
  app: FastifyInstance,
  { logger, webhooks, requireScope, onForgery, ...taking }: WebhookRouteDependencies,
): void {
  const refusals = createRefusalLog(logger);

  // Its own Fastify scope without body parsers: the signature covers the raw bytes.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
    // Runs before the body is read, so an unknown platform cannot make us buffer one.
    scope.addHook<{ Params: { platform: string } }>('onRequest', async ({ params }) => {
      platformOf(params.platform, webhooks);
    });

    addOperation(scope, requireScope, postWebhookOperation, async ({ params, body, request, reply }) => {
      const { headers } = request;
      const name = platformOf(params.platform, webhooks);
      // Verified before anything else is judged: strangers learn nothing about the checks behind.
      const delivery = verify(name, { headers, rawBody: Buffer.isBuffer(body) ? body : Buffer.alloc(0) });
      const encoding = headers['content-encoding'];
      if (encoding !== undefined && encoding !== 'identity') {
        throw new RequestRefused('unsupported-media-type', { detail: 'Send the body without Content-Encoding' });
      }
      return sendAnswer(reply, await takeDelivery(name, delivery, read(name, delivery), request, taking));
    });
  });

  function verify(name: PlatformName, request: WebhookRequest): VerifiedDelivery {
    try {
      return verifyDelivery(name, request, webhooks);
    } catch (error) {
      refusals.unverified({ name, error });
      onForgery(name);
      throw error;
    }
  }

  function read(name: PlatformName, delivery: VerifiedDelivery): readonly CheckedEvent[] {
    try {
      return readDelivery(name, delivery);
    } catch (error) {
      metrics.eventsAccepted.add({ type: 'unknown', result: 'rejected' });
      refusals.unmapped({ name, delivery, error });
      throw error;
    }
  }
}

/** Only the platform sees the response to a wrong secret or an unusable body, so operators need a log line. */
function createRefusalLog(logger: Logger) {
  return {
    unverified: createSparseLog<{ name: PlatformName; error: unknown }>(({ name, error }, deliveries) =>
      logger.warn(
        { platform: name, ...reasonOf(error), deliveries },
        'Webhooks refused: the signature does not prove the sender',
      ),
    ),
    unmapped: createSparseLog<{ name: PlatformName; delivery: VerifiedDelivery; error: unknown }>(
      ({ name, delivery: { sender, topic, deliveryKey }, error }, deliveries) =>
        logger.warn(
          { platform: name, sender, topic, deliveryKey, ...reasonOf(error), deliveries },
          'Webhooks refused: they cannot be mapped to order events',
        ),
    ),
  };
}

/** Safe to log: the reason quotes neither bodies nor signatures. */
const reasonOf = (error: unknown): object =>
  error instanceof RequestRefused ? { reason: error.detail ?? error.code, faults: error.faults } : { err: error };
