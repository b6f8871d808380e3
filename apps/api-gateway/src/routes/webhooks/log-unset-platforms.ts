import { webhookSecretsVariable } from '@orderly/config';
import type { Logger } from '@orderly/observability';
import { platformNames } from '@orderly/platforms';
import type { WebhookSettings } from './open-delivery';

/** Tells which platforms are not found and how that is changed: the answer to a platform cannot name a variable of ours. */
export function logUnsetPlatforms(logger: Logger, { secrets }: Pick<WebhookSettings, 'secrets'>): void {
  for (const platform of platformNames.filter((name) => secrets[name] === undefined)) {
    const variable = webhookSecretsVariable(platform);
    logger.info({ platform, variable }, 'The webhooks of a platform are not set up: the variable is not set');
  }
}
