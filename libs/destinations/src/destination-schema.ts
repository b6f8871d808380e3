import { orderEventTypes, syncOrder } from '@orderly/contracts';
import { signingSecretFault } from '@orderly/platforms';
import { z } from 'zod';
import { findTemplateFaults } from './body-template';
import type { Destination } from './destination';
import { isUnexpanded } from './expand-environment';
import { findUrlFault, isPlainHttp } from './url-template';

/** Headers that Orderly or the connection sets itself. */
const reservedHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'traceparent',
  'tracestate',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);

/** Checks a string's form. A string with an unresolved `${NAME}` passes. */
const text = (isRight: (value: string) => boolean, fault: string): z.ZodString =>
  z.string().refine((value) => isUnexpanded(value) || isRight(value), fault);

const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name of a header')
  .refine((name) => !reservedHeaders.has(name.toLowerCase()), 'is a header that Orderly sets itself');
const HeaderValue = text(
  (value) => /^[\t\x20-\x7e]*$/.test(value),
  'has a line break or another character that no header can carry',
);
const Credential = HeaderValue.min(1, 'must not be empty');

const UrlTemplate = z.string().superRefine((url, context) => {
  const fault = isUnexpanded(url) ? undefined : findUrlFault(url);
  if (fault) context.addIssue(fault);
});

const Body = z
  .union([z.literal('envelope'), z.record(z.string(), z.json()), z.array(z.json())], {
    error: 'must be "envelope" or a JSON template: a mapping or a list of JSON values',
  })
  .superRefine((body, context) => {
    if (body === 'envelope') return;
    for (const fault of findTemplateFaults(body)) context.addIssue({ code: 'custom', ...fault });
  });

const Request = z.strictObject({
  method: z.enum(['PUT', 'POST', 'PATCH']).default('PUT'),
  url: UrlTemplate,
  headers: z.record(HeaderName, HeaderValue).default({}),
  body: Body.default('envelope'),
});

const authTypes = ['none', 'bearer', 'basic', 'header'] as const;
const Auth = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('none') }),
    z.strictObject({ type: z.literal('bearer'), token: Credential }),
    z.strictObject({
      type: z.literal('basic'),
      username: z.string().refine((name) => !name.includes(':'), 'may hold no colon'),
      password: z.string(),
    }),
    z.strictObject({ type: z.literal('header'), name: HeaderName, value: Credential }),
  ],
  {
    error: ({ input }) =>
      typeof input === 'object' && (input as { type?: unknown } | null)?.type === 'oauth2-client-credentials'
        ? 'oauth2-client-credentials is not supported yet'
        : `must be one of ${authTypes.join(', ')}`,
  },
);

const SigningSecret = text(
  (secret) => signingSecretFault(secret) === undefined,
  'must be whsec_ followed by 24 to 64 random bytes in base64', // the bounds of Standard Webhooks
);

const Idempotency = z.discriminatedUnion(
  'mode',
  [
    z.strictObject({ mode: z.literal('key') }),
    z.strictObject({
      mode: z.literal('lookup'),
      url: UrlTemplate,
      versionPointer: z.string().regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer such as /version'),
    }),
    z.strictObject({ mode: z.literal('none') }),
  ],
  { error: 'must be one of key, lookup, none' },
);

const Entry = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be 1 to 40 of a-z, 0-9 and -'),
    mode: z.enum(['latest-state', 'every-event']),
    request: Request,
    events: z
      .array(z.enum(orderEventTypes))
      .min(1, 'must name at least one event')
      .default(() => [...orderEventTypes]),
    auth: Auth.default({ type: 'none' }),
    signing: z.strictObject({ secrets: z.array(SigningSecret).min(1, 'must hold at least one secret') }).optional(),
    idempotency: Idempotency.default({ mode: 'key' }),
    rateLimit: z.strictObject({ max: z.int().positive(), perMs: z.int().positive() }).optional(),
    concurrency: z.int().positive().default(5),
    // The job's own time limit would cut a longer wait short, and its outcome would be lost.
    timeoutMs: z.int().positive().max(syncOrder.policy.timeoutMs).default(10_000),
    onDeadHead: z.enum(['block', 'supersede', 'skip']).optional(),
    allowPrivateNetwork: z.boolean().default(false),
  })
  .superRefine(
    (entry, context) => {
      if (entry.allowPrivateNetwork === true) return;
      // The other parts may have any shape here.
      const { request, idempotency } = entry as { request?: { url?: unknown } | null; idempotency?: { url?: unknown } | null };
      const urls = [
        { path: ['request', 'url'], url: request?.url },
        { path: ['idempotency', 'url'], url: idempotency?.url },
      ];
      for (const { path, url } of urls) {
        if (typeof url !== 'string' || !isPlainHttp(url)) continue;
        context.addIssue({ code: 'custom', path, message: 'must start with https:// unless allowPrivateNetwork is true' });
      }
    },
    // Runs even if other parts of the entry are wrong, so that all faults are reported at once.
    { when: ({ value }) => typeof value === 'object' && value !== null },
  )
  .transform(({ onDeadHead, ...entry }): Omit<Destination, 'secrets'> => ({
    ...entry,
    request: { ...entry.request, body: entry.request.body },
    onDeadHead: onDeadHead ?? (entry.mode === 'every-event' ? 'block' : 'supersede'),
  }));

/** The destinations file as YAML gives it. Strict, so that a misspelt key is an error rather than a lost setting. */
export const DestinationsFile = z.strictObject({
  destinations: z.array(Entry).superRefine(
    (entries, context) => {
      const seen = new Set<unknown>();
      for (const [index, entry] of entries.entries()) {
        const name = (entry as { name?: unknown } | null)?.name;
        if (typeof name === 'string' && seen.has(name)) {
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of an earlier destination' });
        }
        seen.add(name);
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  ),
});
