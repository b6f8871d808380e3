import { createApiKey } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { createLogger } from '@orderly/observability';
import { createRateLimiter } from '@orderly/queue';
import { createTestPrefix, startTcpProxy, stopTcpProxies, type TestPrefix } from '@orderly/queue/testing';
import { eventually, testRedisUrl } from '@orderly/testing';
import { request } from 'node:http';
import { buildApp } from '../src/app';
import { configOf, docsPageFolder, event, startGateway, type Answer, type TestGateway } from './gateway';

let space: TestPrefix;
let gateway: TestGateway;
beforeAll(async () => {
  space = createTestPrefix(testRedisUrl());
  gateway = await startGateway({ rateLimiter: createRateLimiter({ redisUrl: testRedisUrl(), prefix: space.prefix }) });
});
afterAll(async () => {
  await gateway.stop();
  await stopTcpProxies();
  await space.release();
});

const keyOf = async (of: TestGateway, requestsPerMinute?: number) => {
  const { id, key } = await createApiKey(
    of.db,
    { name: 'limited', scopes: ['events:write', 'orders:read'], requestsPerMinute },
    testActor,
  );
  return { id, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } };
};

const limitOf = ({ headers }: Answer): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('ratelimit-')));

describe('an API key with a limit', () => {
  it('reads in every answer how many requests are left, and gets 429 with Retry-After beyond the limit', async () => {
    const { headers } = await keyOf(gateway, 4);
    const answers: Answer[] = [
      await gateway.post(event('limited-1'), headers),
      await gateway.post([event('limited-2'), event('limited-3'), event('limited-4')], headers),
      await gateway.post('no json', headers),
      await gateway.request('GET', '/v1/stats', { headers }),
      await gateway.post(event('limited-5'), headers),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 400, 403, 429]);
    for (const [index, answer] of answers.entries()) {
      expect(limitOf(answer)).toEqual({
        'ratelimit-limit': '4',
        'ratelimit-remaining': String(Math.max(3 - index, 0)),
        'ratelimit-reset': expect.stringMatching(/^(5\d|60)$/),
        'ratelimit-policy': '4;w=60',
      });
    }
    const { headers: refusedHeaders, body } = answers[4]!;
    expect(refusedHeaders.get('retry-after')).toMatch(/^(5\d|60)$/);
    expect(refusedHeaders.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'rate-limited', status: 429, retryable: true, detail: expect.any(String) });
    expect(await gateway.db.query(`select 1 from event_keys where id = 'limited-5'`)).toEqual([]);
  });

  it('is refused beyond the limit before its body is read', async () => {
    const { headers } = await keyOf(gateway, 1);
    await gateway.post(event('unread-1'), headers);
    // Promises a body that never comes.
    const status = await new Promise((resolve, reject) => {
      const posting = request(
        new URL('/v1/events', gateway.app.url()),
        { method: 'POST', headers: { ...headers, 'content-length': '1000' } },
        (response) => {
          resolve(response.statusCode);
          posting.destroy();
        },
      );
      posting.on('error', reject);
      posting.flushHeaders();
    });
    expect(status).toBe(429);
  });

  it('shares its limit between gateways', async () => {
    const other = buildApp(configOf(gateway.proxy.url), {
      logger: createLogger({ service: 'api-gateway', level: 'silent' }),
      engine: { add: async () => undefined, release: async () => undefined, close: async () => undefined },
      metricsText: async () => '',
      rateLimiter: createRateLimiter({ redisUrl: testRedisUrl(), prefix: space.prefix }),
      docsPageFolder,
    });
    await other.start();
    try {
      const { id, headers } = await keyOf(gateway, 30);
      // The limiters count by themselves until they have reached Redis.
      await eventually(async () => expect(await askOther(headers)).toBe(404));
      await gateway.request('GET', '/v1/orders/none', { headers });
      const before = Number(await space.redis.get(`${space.prefix}:rate-limit:${id}`));
      expect(before).toBeGreaterThanOrEqual(2);
      const statuses = await Promise.all(
        Array.from({ length: 40 }, async (_, index) =>
          index % 2 === 0 ? (await gateway.request('GET', '/v1/orders/none', { headers })).status : askOther(headers),
        ),
      );
      expect(statuses.filter((status) => status === 404)).toHaveLength(30 - before);
      expect(statuses.filter((status) => status === 429)).toHaveLength(10 + before);
    } finally {
      await other.stop();
    }
    async function askOther(headers: Record<string, string>): Promise<number> {
      return (await fetch(new URL('/v1/orders/none', other.url()), { headers })).status;
    }
  });
});

describe('an API key without a limit', () => {
  it('is not counted and gets no rate-limit headers', async () => {
    const { id, headers } = await keyOf(gateway);
    const answer = await gateway.post(event('unlimited'), headers);
    expect(answer.status).toBe(202);
    expect(limitOf(answer)).toEqual({});
    expect(await space.keys()).not.toContain(`rate-limit:${id}`);
  });
});

describe('while Redis is away', () => {
  it('events are accepted, and each gateway enforces the limit on its own', async () => {
    const redis = await startTcpProxy(testRedisUrl());
    await redis.cut();
    const alone = await startGateway({ rateLimiter: createRateLimiter({ redisUrl: redis.url, prefix: space.prefix }) });
    try {
      const { headers } = await keyOf(alone, 3);
      const statuses: number[] = [];
      for (const id of ['away-1', 'away-2', 'away-3', 'away-4']) statuses.push((await alone.post(event(id), headers)).status);
      expect(statuses).toEqual([202, 202, 202, 429]);
    } finally {
      await alone.stop();
    }
  });
});

describe('the last use of an API key', () => {
  it('is stored when the gateway stops', async () => {
    const own = await startGateway();
    const { id, headers } = await keyOf(own);
    await own.post(event('used'), headers);
    await own.app.stop();
    const rows = await own.db.query('select last_used_at is not null as used from api_keys where id = $1', [id]);
    expect(rows).toEqual([{ used: true }]);
    await own.stop();
  });
});
