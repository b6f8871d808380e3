import { EmailAddress } from '@orderly/contracts';
import { z } from 'zod';
import { isUnexpanded } from '../expand-environment';

/** An incoming webhook as Slack, Mattermost and others have it. Whoever knows the URL may post, so it is a secret. */
export interface WebhookSettings {
  readonly url: string;
  /** From the start of a try to the end of its answer, in ms. */
  readonly timeoutMs: number;
  /** Allows plain http and private, loopback and link-local addresses. */
  readonly allowPrivateNetwork: boolean;
}

/** How operators are told what is wrong. Without webhook and mail, nobody is told. */
export interface AlertSettings {
  readonly webhook?: WebhookSettings;
  readonly mail?: { readonly to: readonly string[] };
  /** After an alert, later occurrences of the same are counted for so long; then one alert tells their number. */
  readonly windowSeconds: number;
  /** The share of Redis' memory limit from which on an alert is raised. */
  readonly redisMemoryPercent: number;
  /** The address of the gateway, for the links in alerts. Without it they are paths only. */
  readonly gatewayUrl?: string;
}

const Webhook = z
  .strictObject({
    url: z.string(),
    // The job's own limit is 60 s.
    timeoutMs: z.int().positive().max(30_000).default(10_000),
    allowPrivateNetwork: z.boolean().default(false),
  })
  .superRefine(({ url, allowPrivateNetwork }, context) => {
    const fault = isUnexpanded(url) ? undefined : urlFault(url, allowPrivateNetwork);
    if (fault) context.addIssue({ code: 'custom', path: ['url'], message: fault });
  });

const Recipient = z.string().refine((text) => isUnexpanded(text) || EmailAddress.safeParse(text).success, 'is no e-mail address');

/** The alerts file as YAML gives it. Strict, so that a misspelt key is an error rather than a lost setting. */
export const AlertsFile = z
  .strictObject({
    webhook: Webhook.optional(),
    mail: z
      .strictObject({
        to: z.array(Recipient).min(1, 'must name at least one address').max(20, 'may name at most 20 addresses'),
      })
      .optional(),
    windowSeconds: z.int().min(1).max(86_400).default(900),
    redisMemoryPercent: z.int().min(1).max(100).default(85),
    gatewayUrl: z
      .string()
      .refine((url) => isUnexpanded(url) || /^https?:$/.test(parsed(url)?.protocol ?? ''), 'must be a URL')
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
  })
  .refine(({ webhook, mail }) => webhook !== undefined || mail !== undefined, 'must have a webhook or mail');

/** The text does not repeat the URL, which is a secret. */
function urlFault(text: string, allowPrivateNetwork: boolean): string | undefined {
  const url = parsed(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return 'must start with https://';
  if (url.protocol === 'http:' && !allowPrivateNetwork) return 'must start with https:// unless allowPrivateNetwork is true';
  return url.username || url.password ? 'may hold no credentials' : undefined;
}

const parsed = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);
