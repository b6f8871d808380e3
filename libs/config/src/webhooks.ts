import { z } from 'zod';

/** How a platform checks the form of its secrets. */
interface SecretJudge {
  /** Returns the fault of a secret, or undefined if it is valid. The text must not quote the secret: it is logged. */
  secretFault(secret: string): string | undefined;
}

/**
 * The secrets of platforms, from `ORDERLY_WEBHOOKS_<NAME>_SECRETS`: one secret, or two separated by a comma during a rotation.
 * A platform without secrets is not set up, and the result has no member for it.
 *
 * @param platforms by their names
 */
export function webhookSecretsConfig<Name extends string>(
  platforms: Readonly<Record<Name, SecretJudge>>,
): z.ZodType<Readonly<Partial<Record<Name, readonly string[]>>>> {
  const names = Object.keys(platforms) as Name[];
  return z
    .object(Object.fromEntries(names.map((name) => [webhookSecretsVariable(name), secrets(platforms[name]).optional()])))
    .transform((env) => {
      const set = names.flatMap((name) =>
        env[webhookSecretsVariable(name)] === undefined ? [] : [[name, env[webhookSecretsVariable(name)]]],
      );
      return Object.fromEntries(set) as Partial<Record<Name, readonly string[]>>;
    });
}

/**
 * The shops whose webhooks are accepted: the lower-case names before `.myshopify.com`. Undefined accepts every shop that signs
 * with the secret. Shopify does not sign a shop's name, so without this list a delivery can be replayed under another shop's name.
 */
export const shopifyShopsConfig = z
  .object({
    ORDERLY_WEBHOOKS_SHOPIFY_SHOPS: z
      .string()
      .transform((list) =>
        list.split(',').map((shop) =>
          shop
            .trim()
            .toLowerCase()
            .replace(/\.myshopify\.com$/, ''),
        ),
      )
      .refine((shops) => shops.every((shop) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(shop)), 'must be shop names, separated by commas')
      .optional(),
  })
  .transform((env) => ({ names: env.ORDERLY_WEBHOOKS_SHOPIFY_SHOPS }));

/** The environment variable that holds the secrets of a platform. */
export const webhookSecretsVariable = (platform: string): string =>
  `ORDERLY_WEBHOOKS_${platform.toUpperCase().replaceAll('-', '_')}_SECRETS`;

const secrets = (platform: SecretJudge): z.ZodType<readonly string[]> =>
  z
    .string()
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .superRefine((all, context) => {
      if (all.length > 2 || all.includes('')) {
        context.addIssue('must be one secret, or two separated by a comma');
        return;
      }
      const fault = all.map((secret) => platform.secretFault(secret)).find((one) => one !== undefined);
      if (fault !== undefined) context.addIssue(all.length === 1 ? fault : `contains a secret that ${fault}`);
    });
