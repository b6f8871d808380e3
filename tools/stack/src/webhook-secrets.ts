import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from './private-file';

/** The secrets that sign webhooks. Absent if the caller has set secrets of their own, which must not be printed. */
export type WebhookSecrets = { shopify?: string | undefined; standard?: string | undefined };

/** Generated, so that webhooks can be tried at once. A data folder keeps the secrets of its first run. */
export function takeWebhookSecrets(environment: NodeJS.ProcessEnv, keptFolder: string | undefined): WebhookSecrets {
  const made = { shopify: `shpss_${randomBytes(16).toString('hex')}`, standard: `whsec_${randomBytes(32).toString('base64')}` };
  const secrets = keptFolder === undefined ? made : keptOr(made, join(keptFolder, 'webhook-secrets.json'));
  return {
    shopify: environment[variables.shopify] === undefined ? secrets.shopify : undefined,
    standard: environment[variables.standard] === undefined ? secrets.standard : undefined,
  };
}

/** The environment variables that pass the secrets to the gateway. */
export const webhookEnvironment = (secrets: WebhookSecrets): NodeJS.ProcessEnv => ({
  ...(secrets.shopify !== undefined && { [variables.shopify]: secrets.shopify }),
  ...(secrets.standard !== undefined && { [variables.standard]: secrets.standard }),
});

const variables = { shopify: 'ORDERLY_WEBHOOKS_SHOPIFY_SECRETS', standard: 'ORDERLY_WEBHOOKS_STANDARD_SECRETS' } as const;

function keptOr(made: Required<WebhookSecrets>, file: string): WebhookSecrets {
  const secrets = { ...made, ...(readPrivateFile(file) as WebhookSecrets | undefined) };
  writePrivateFile(file, secrets);
  return secrets;
}
