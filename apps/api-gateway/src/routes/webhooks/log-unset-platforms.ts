import { webhookSecretsVariable } from '@orderly/config';
import type { Logger } from '@orderly/observability';
import { platformNames } from '@orderly/platforms';
import type { WebhookSettings } from './open-delivery';

/** Logs the platforms without a secret, and the variable to set. The platform itself only gets a 404 and cannot tell us why. */
export function logUnsetPlatforms(logger: Logger, { secrets }: Pick<WebhookSettings, 'secrets'>): void {
  for (const platform of platformNames.filter((name) => secrets[name] === undefined)) {
    const variable = webhookSecretsVariable(platform);
    logger.info({ platform, variable }, 'Webhooks of this platform are off: its variable is not set');
  }
}
