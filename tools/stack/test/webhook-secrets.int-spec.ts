import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeWebhookSecrets, webhookEnvironment } from '../src/webhook-secrets';

describe('the webhook secrets of the stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webhook-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('stay the same in one data folder, in a file readable only by its owner', () => {
    const first = takeWebhookSecrets({}, folder);
    expect(first).toEqual({
      shopify: expect.stringMatching(/^shpss_[0-9a-f]{32}$/) as string,
      standard: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    });
    expect(takeWebhookSecrets({}, folder)).toEqual(first);
    expect(statSync(join(folder, 'webhook-secrets.json')).mode & 0o777).toBe(0o600);
    expect(takeWebhookSecrets({}, undefined).shopify).not.toBe(first.shopify);
  });

  it('give precedence to the secrets of the caller, which are not printed', () => {
    const secrets = takeWebhookSecrets({ ORDERLY_WEBHOOKS_STANDARD_SECRETS: 'mine' }, folder);
    expect(secrets.standard).toBeUndefined();
    expect(webhookEnvironment(secrets)).toEqual({ ORDERLY_WEBHOOKS_SHOPIFY_SECRETS: secrets.shopify });
  });
});
