import { startTcpProxy, type TcpProxy } from '@orderly/queue/testing';
import type { ApiScope } from '@orderly/contracts';
import { createApiKey, createDatabase, migrate, type Database } from '@orderly/database';
import type { RunnableJob } from '@orderly/jobs';
import { testActor } from '@orderly/database/testing';
import { createLogger } from '@orderly/observability';
import { createTestDatabase } from '@orderly/testing';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { buildApp, type AppDependencies, type GatewayApp } from '../src/app';
import type { AppConfig } from '../src/config';

/** Where the files of the reference page lie. */
export const docsPageFolder = join(__dirname, '../docs-page');
const migrations = join(__dirname, '../../../libs/database/drizzle');

/** A gateway of its own with a ledger of its own. */
export interface TestGateway {
  readonly app: GatewayApp;
  /** Straight to the ledger; the gateway itself goes through `proxy`. */
  readonly db: Database;
  readonly proxy: TcpProxy;
  /** What the gateway handed over. */
  readonly relayed: RunnableJob[];
  readonly logLines: string[];
  createKey(...scopes: ApiScope[]): Promise<string>;
  /** With a key that may do everything, unless the headers say otherwise. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  post(body: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(path: string): Promise<Answer>;
  stop(): Promise<void>;
}

interface RequestOptions {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what JSON brought is asserted, not typed
  readonly body: any;
}

export async function startGateway(
  overrides: Partial<AppDependencies> = {},
  config: Partial<AppConfig> = {},
): Promise<TestGateway> {
  const database = await createTestDatabase((url) => migrate(url, migrations));
  const proxy = await startTcpProxy(database.url);
  const db = createDatabase({ url: database.url, poolSize: 3, applicationName: 'test' });
  const relayed: RunnableJob[] = [];
  const logLines: string[] = [];
  const app = buildApp(
    { ...configOf(proxy.url), ...config },
    {
      logger: createLogger({ service: 'api-gateway', level: 'info', destination: linesInto(logLines) }),
      engine: { add: async (jobs) => void relayed.push(...jobs), release: async () => undefined, close: async () => undefined },
      metricsText: async () => '',
      rateLimiter: noLimits,
      docsPageFolder,
      ...overrides,
    },
  );
  const createKey = async (...scopes: ApiScope[]): Promise<string> =>
    (await createApiKey(db, { name: 'test', scopes }, testActor)).key;
  const key = await createKey('events:write', 'orders:read', 'ops:read');
  await app.start();

  const request: TestGateway['request'] = async (method, path, { headers, body } = {}) => {
    const response = await fetch(new URL(path, app.url()), {
      method,
      body,
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    app,
    db,
    proxy,
    relayed,
    logLines,
    createKey,
    request,
    post: (body, headers) =>
      request('POST', '/v1/events', {
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path) => request('GET', path),
    async stop() {
      await app.stop();
      await proxy.cut();
      await db.close();
      await database.drop();
    },
  };
}

/** What a gateway on a ledger needs to know. */
export const configOf = (databaseUrl: string, poolSize = 5): AppConfig => ({
  http: { host: '127.0.0.1', port: 0 },
  idempotency: { retentionHours: 24 },
  admin: { host: '127.0.0.1', port: 0 },
  database: { url: databaseUrl, poolSize },
  webhookSecrets: {},
  shopifyShops: { names: undefined },
});

/** A good event; its id and its order's are the same. */
export const event = (id: string, change: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  source: 'shop',
  type: 'order.created',
  orderId: id,
  occurredAt: '2026-01-01T00:00:00Z',
  data: { customer: { id: 'c-1' } },
  ...change,
});

const linesInto = (lines: string[]): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
