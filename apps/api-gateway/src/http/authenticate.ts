import type { Actor, ApiScope } from '@orderly/contracts';
import type { ApiKey, FindApiKey, LastUse } from '@orderly/ledger';
import type { RateLimiter } from '@orderly/queue';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { limitRate } from '../pressure/limit-rate';
import { RequestRefused } from './request-refused';
import { orUnavailable } from './or-unavailable';

/** Makes hooks that let a request pass if its key has a scope. */
export type RequireScope = (scope: ApiScope) => onRequestAsyncHookHandler;

/** The parts that decide if a request may pass. */
export interface Admission {
  readonly findApiKey: FindApiKey;
  readonly rateLimiter: RateLimiter;
  readonly lastUse: Pick<LastUse, 'note'>;
  /** Called for each key that is wrong or no longer valid. */
  readonly onWrongKey: () => void;
}

/**
 * Runs before the body is read, so unauthorised callers cannot make us parse it. The rate limit comes before the scope check:
 * a key that only gets 403 must not be free to send without limit.
 */
export function createRequireScope({ findApiKey, rateLimiter, lastUse, onWrongKey }: Admission): RequireScope {
  return (scope) => async (request, reply) => {
    const key = bearerToken(request.headers.authorization);
    const apiKey = key === undefined ? undefined : await orUnavailable(findApiKey(key));
    if (key !== undefined && apiKey === undefined) onWrongKey();
    if (apiKey === undefined) throw unauthenticated(request.headers.authorization, key);
    keys.set(request, apiKey);
    lastUse.note(apiKey.id);
    await limitRate(rateLimiter, apiKey, reply);
    if (!apiKey.scopes.includes(scope)) {
      throw new RequestRefused('forbidden', {
        detail: `The key lacks the scope ${scope}`,
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      });
    }
  };
}

// One answer for every key that does not work: a caller with an old key must not learn which keys existed.
function unauthenticated(header: string | undefined, key: string | undefined): RequestRefused {
  const ofKey = key && 'This key does not exist, or it has expired or been revoked';
  const detail = ofKey ?? (header ? 'Authorization must be `Bearer <key>`' : 'The header Authorization is missing');
  return new RequestRefused('unauthenticated', { detail, headers: { 'www-authenticate': 'Bearer' } });
}

/**
 * The API key of an admitted request.
 *
 * @throws Error for a request of a public operation
 */
export function keyOf(request: FastifyRequest): ApiKey {
  const apiKey = keys.get(request);
  if (apiKey === undefined) throw new Error('The request has no API key');
  return apiKey;
}

/** The valid API key of a request, even if the request is refused; undefined until the key has been looked up. */
export const validKeyOf = (request: FastifyRequest): ApiKey | undefined => keys.get(request);

/** The actor that the audit trail shows for a key. */
export const actorOf = ({ id, name }: ApiKey, onBehalfOf: string | null = null): Actor => ({ name, apiKeyId: id, onBehalfOf });

const keys = new WeakMap<FastifyRequest, ApiKey>();

const bearerToken = (header: string | undefined): string | undefined => /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
