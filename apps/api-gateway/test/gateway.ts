import { startTcpProxy, type TcpProxy } from '@orderly/queue/testing';
import type { ApiScope } from '@orderly/contracts';
import { createDatabase, type Database } from '@orderly/database';
import { createApiKey } from '@orderly/ledger';
import { migrate } from '@orderly/migrations';
import type { RunnableJob } from '@orderly/jobs';
import type { RateLimiter } from '@orderly/queue';
import { testActor } from '@orderly/ledger/testing';
import { createLogger } from '@orderly/observability';
import { createTestDatabase } from '@orderly/testing';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { buildApp, type AppDependencies, type GatewayApp } from '../src/app';
import type { AppConfig } from '../src/config';
import { expectDocumented } from './conformance';

/** The folder of the reference page. */
export const docsPageFolder = join(__dirname, '../docs-page');
const migrations = join(__dirname, '../../../libs/migrations/sql');

/** An answer with the raw text of its body. */
export type ExactAnswer = Answer & { readonly text: string };

/** A running gateway, with a client for it. */
export interface RunningGateway {
  readonly app: GatewayApp;
  /** The jobs that the gateway handed over. */
  readonly relayed: RunnableJob[];
  readonly logLines: string[];
  /** Sends a key with all scopes, unless the headers have another. */
  request(method: string, path: string, options?: RequestOptions): Promise<ExactAnswer>;
  post(body: unknown, headers?: Record<string, string>): Promise<ExactAnswer>;
  get(path: string): Promise<ExactAnswer>;
}

/** A gateway with its own ledger. */
export interface TestGateway extends RunningGateway {
  /** A direct connection to the ledger; the gateway itself goes through `proxy`. */
  readonly db: Database;
  readonly proxy: TcpProxy;
  createKey(...scopes: ApiScope[]): Promise<string>;
  /** Starts another gateway on the same ledger, with the same key. It stops with this one at the latest. */
  startPeer(): Promise<RunningGateway>;
  stop(): Promise<void>;
}

interface RequestOptions {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests assert the JSON instead of typing it
  readonly body: any;
}

/** For keys without a limit, such as those of {@link TestGateway.createKey}. */
export const noLimits: RateLimiter = {
  take: () => Promise.reject(new Error('The test has no rate limiter')),
  close: () => undefined,
};

export async function startGateway(
  overrides: Partial<AppDependencies> = {},
  config: Partial<AppConfig> = {},
  poolSize?: number,
): Promise<TestGateway> {
  const database = await createTestDatabase((url) => migrate(url, migrations));
  const proxy = await startTcpProxy(database.url);
  const db = createDatabase({ url: database.url, poolSize: 3, applicationName: 'test' });
  const createKey = async (...scopes: ApiScope[]): Promise<string> =>
    (await createApiKey(db, { name: 'test', scopes }, testActor)).key;
  const key = await createKey('events:write', 'orders:read', 'ops:read');
  const started: RunningGateway[] = [];
  const start = async (): Promise<RunningGateway> => {
    const gateway = await startOn({ ...configOf(proxy.url, poolSize), ...config }, key, overrides);
    started.push(gateway);
    return gateway;
  };
  return {
    ...(await start()),
    db,
    proxy,
    createKey,
    startPeer: start,
    async stop() {
      await Promise.all(started.map(({ app }) => app.stop()));
      await proxy.cut();
      await db.close();
      await database.drop();
    },
  };
}

async function startOn(config: AppConfig, key: string, overrides: Partial<AppDependencies>): Promise<RunningGateway> {
  const relayed: RunnableJob[] = [];
  const logLines: string[] = [];
  const app = buildApp(config, {
    logger: createLogger({ service: 'api-gateway', level: 'info', destination: linesInto(logLines) }),
    engine: { add: async (jobs) => void relayed.push(...jobs), release: async () => undefined, close: async () => undefined },
    metricsText: async () => '',
    rateLimiter: noLimits,
    docsPageFolder,
    ...overrides,
  });
  await app.start();

  const request: RunningGateway['request'] = async (method, path, { headers, body } = {}) => {
    const url = new URL(path, app.url());
    const response = await fetch(url, {
      method,
      body,
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
    expectDocumented({ method, path: url.pathname, ...answer });
    return answer;
  };
  return {
    app,
    relayed,
    logLines,
    request,
    post: (body, headers) =>
      request('POST', '/v1/events', {
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path) => request('GET', path),
  };
}

/** All thresholds are off. */
export const neverOverloaded: AppConfig['overload'] = {
  eventLoopDelayMs: 0,
  heapPercent: 0,
  poolWaiting: 0,
  poolWaitMs: 0,
  intakeWaiting: 0,
  intakeWaitMs: 0,
};

/** The configuration of a gateway on a ledger. */
export const configOf = (databaseUrl: string, poolSize = 5): AppConfig => ({
  http: { host: '127.0.0.1', port: 0, drainDelayMs: 0 },
  idempotency: { retentionHours: 24 },
  // The delay of the event loop and all waiting times depend on the machine, so tests must not refuse requests for them.
  overload: neverOverloaded,
  intrusion: { refusalsPerMinute: 0 },
  admin: { host: '127.0.0.1', port: 0 },
  database: { url: databaseUrl, poolSize },
  webhookSecrets: {},
  shopifyShops: { names: undefined },
});

/** A valid event whose id is also the id of its order. */
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
