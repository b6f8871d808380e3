import type { Problem } from '@orderly/contracts';
import { ConfigurationError, PermanentError, RetryableError, type ErrorCode } from '@orderly/errors';
import { randomUUID } from 'node:crypto';

/** Where a command finds the gateway. */
export interface ApiOptions {
  /** @defaultValue ORDERLY_URL, else the gateway on this machine */
  readonly url?: string;
  /** @defaultValue ORDERLY_API_KEY */
  readonly key?: string;
}

/** Calls of the HTTP API by a command. The answer's shape is documented by the API. */
export interface ApiClient {
  get<Answer>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
}

const defaultUrl = 'http://127.0.0.1:3000';
type CallInit = { readonly method?: 'POST'; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

/** Longer than the gateway's own limit for a request. */
const timeoutMs = 60_000;

/** @throws ConfigurationError without a key */
export function createApiClient({ url, key }: ApiOptions, env: NodeJS.ProcessEnv): ApiClient {
  const base = (url ?? env['ORDERLY_URL']) || defaultUrl;
  const token = key ?? env['ORDERLY_API_KEY'];
  if (!token) {
    throw new ConfigurationError(
      'configuration-invalid',
      'An API key is required: set --key or ORDERLY_API_KEY. npm start prints a key.',
    );
  }
  const call = async <Answer>(path: string, init: CallInit = {}): Promise<Answer> => {
    const address = URL.parse(path, base);
    if (address === null) throw new ConfigurationError('configuration-invalid', `${base} is not a URL`);
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const response = await fetch(address, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) }).catch(
      (cause: unknown) => {
        throw new RetryableError('job-failed', `No gateway answers at ${base}: set --url or ORDERLY_URL`, { cause });
      },
    );
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer as Answer;
    const { code = 'internal-error', title = response.statusText, detail, errors = [] } = (answer ?? {}) as Partial<Problem>;
    const faults = errors.map((fault) => `${fault.pointer ?? fault.parameter ?? ''} ${fault.detail}`);
    throw new PermanentError(code as ErrorCode, [detail ?? title, ...faults].join('; '));
  };
  return {
    get: (path, query = {}) => {
      const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return call(given.length > 0 ? `${path}?${new URLSearchParams(given).toString()}` : path);
    },
    post: (path, body) =>
      call(path, {
        method: 'POST',
        // A new key per command: a retry by the HTTP client itself does the work once.
        headers: { 'content-type': 'application/json', 'idempotency-key': `"${randomUUID()}"` },
        body: JSON.stringify(body),
      }),
  };
}
