import { z } from 'zod';

/** What a platform says of its secrets. */
interface SecretJudge {
  /** What is wrong with a secret, or undefined. Never quotes it. */
  secretFault(secret: string): string | undefined;
}

/**
 * The secrets of platforms, from `ORDERLY_WEBHOOKS_<NAME>_SECRETS`: one, or two separated by a comma while it is being changed.
 * A platform without any is not set up: its member is absent.
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
 * The shops whose webhooks are taken, by their names before `.myshopify.com`, in small letters; undefined for all that have the
 * secret. Shopify does not sign a shop's name, so this keeps a delivery of one shop from being taken for another's.
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
      .refine(
        (shops) => shops.every((shop) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(shop)),
        'must be names of shops, separated by commas',
      )
      .optional(),
  })
  .transform((env) => ({ names: env.ORDERLY_WEBHOOKS_SHOPIFY_SHOPS }));

/** The variable that has the secrets of a platform. */
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
      if (fault !== undefined) context.addIssue(all.length === 1 ? fault : `has a secret that ${fault}`);
    });
