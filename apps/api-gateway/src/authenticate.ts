import type { ApiScope } from '@orderly/contracts';
import type { FindApiKey } from '@orderly/database';
import type { onRequestAsyncHookHandler } from 'fastify';
import { RequestRefused } from './request-refused';
import { within } from './within';

/** Makes hooks that let a request pass if its key has a scope. */
export type RequireScope = (scope: ApiScope) => onRequestAsyncHookHandler;

/** Runs before the body is read: who may not send gets no say. */
export function createRequireScope(findApiKey: FindApiKey): RequireScope {
  return (scope) => async (request) => {
    const key = bearerToken(request.headers.authorization);
    const apiKey = key === undefined ? undefined : await within(findApiKey(key));
    if (apiKey === undefined) throw new RequestRefused('unauthenticated', { headers: { 'www-authenticate': 'Bearer' } });
    if (!apiKey.scopes.includes(scope)) {
      throw new RequestRefused('forbidden', {
        detail: `The key lacks the scope ${scope}`,
        headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      });
    }
  };
}

const bearerToken = (header: string | undefined): string | undefined => /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
