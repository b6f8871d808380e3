import type { ConfigurationError } from '@orderly/errors';
import { loadConfig, shopifyShopsConfig, webhookSecretsConfig } from './index';

const platforms = {
  shopify: { secretFault: () => undefined },
  'the-other': { secretFault: (secret: string) => (secret.startsWith('whsec_') ? undefined : 'must start with whsec_') },
};
const read = (env: Record<string, string>): unknown =>
  loadConfig({ webhooks: webhookSecretsConfig(platforms), shops: shopifyShopsConfig }, env);

const messageOf = (env: Record<string, string>): string => {
  try {
    read(env);
    return 'accepted';
  } catch (error) {
    return (error as ConfigurationError).message;
  }
};

describe('webhookSecretsConfig', () => {
  it('sets up no platform without secrets', () => {
    expect(read({})).toEqual({ webhooks: {}, shops: { names: undefined } });
  });

  it('accepts one secret, or two during a rotation', () => {
    expect(read({ ORDERLY_WEBHOOKS_SHOPIFY_SECRETS: 'old, new\n', ORDERLY_WEBHOOKS_THE_OTHER_SECRETS: 'whsec_x' })).toMatchObject(
      { webhooks: { shopify: ['old', 'new'], 'the-other': ['whsec_x'] } },
    );
  });

  it.each([
    ['three secrets', 'whsec_1,whsec_2,whsec_3'],
    ['an empty secret', 'whsec_1,'],
    ['a malformed secret', 'hunter2'],
    ['a malformed second secret', 'whsec_1,hunter2'],
  ])('refuses %s, and names the variable but not the secret', (_, secrets) => {
    const message = messageOf({ ORDERLY_WEBHOOKS_THE_OTHER_SECRETS: secrets });
    expect(message).toContain('ORDERLY_WEBHOOKS_THE_OTHER_SECRETS ');
    expect(message).not.toMatch(/whsec_\d|hunter2/);
  });
});

describe('shopifyShopsConfig', () => {
  it('accepts shops by name or by domain', () => {
    expect(read({ ORDERLY_WEBHOOKS_SHOPIFY_SHOPS: 'lamps, Chairs.myshopify.com' })).toMatchObject({
      shops: { names: ['lamps', 'chairs'] },
    });
  });

  it.each(['lamps,', 'lamps.example', 'two words'])('refuses %j as a list of shops', (shops) => {
    expect(messageOf({ ORDERLY_WEBHOOKS_SHOPIFY_SHOPS: shops })).toContain('ORDERLY_WEBHOOKS_SHOPIFY_SHOPS must be');
  });
});
