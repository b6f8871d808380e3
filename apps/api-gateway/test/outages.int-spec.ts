import { createEngine } from '@orderly/queue';
import { startTcpProxy, stopTcpProxies } from '@orderly/queue/testing';
import { stressStartStop } from '@orderly/runtime/testing';
import { eventually, testRedisUrl } from '@orderly/testing';
import { randomUUID } from 'node:crypto';
import { createLogger } from '@orderly/observability';
import { request } from 'node:http';
import { buildApp } from '../src/app';
import { configOf, docsPageFolder, event, noLimits, startGateway, type Answer } from './gateway';
import { holdEvent } from './hold-event';

const ready = async (url: URL): Promise<number> => (await fetch(new URL('/readyz', url))).status;

const expectUnavailable = (answer: Answer): void => {
  expect(answer).toMatchObject({ status: 503, body: { code: 'database-unavailable', status: 503 } });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(Object.keys(answer.body).sort()).toEqual(['code', 'retryable', 'status', 'title', 'traceId', 'type']);
};

afterAll(stopTcpProxies);

describe('while PostgreSQL is away', () => {
  it('requests get 503 with Retry-After, and the gateway stays ready and recovers', async () => {
    const gateway = await startGateway();
    try {
      expect((await gateway.post(event('before'))).status).toBe(202);
      expect(await ready(gateway.app.adminUrl())).toBe(200);
      await gateway.proxy.cut();

      expectUnavailable(await gateway.post(event('during')));
      expectUnavailable(await gateway.post([event('during-1'), event('during-2')]));
      expectUnavailable(await gateway.get('/v1/stats'));
      const unseen = { authorization: `Bearer ${await gateway.createKey('events:write')}` };
      expectUnavailable(await gateway.post(event('during'), unseen));
      expect(await ready(gateway.app.adminUrl())).toBe(200);
      expect(await gateway.db.query(`select 1 from event_keys where id like 'during%'`)).toEqual([]);

      await gateway.proxy.restore();
      expect((await gateway.post(event('during'))).body.status).toBe('accepted');
      expect((await gateway.post(event('during'), unseen)).body.status).toBe('duplicate');
      expect(gateway.logLines.filter((line) => line.includes('answered with 503'))).toHaveLength(1);
    } finally {
      await gateway.stop();
    }
  });

  it('answers come in time even if the network drops every packet', async () => {
    const gateway = await startGateway();
    try {
      await gateway.post(event('before'));
      gateway.proxy.freeze();
      const startedAt = Date.now();
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => gateway.post(event(`lost-${index}`))));
      // The time limits of PostgreSQL and TCP are longer.
      expect(Date.now() - startedAt).toBeLessThan(12_000);
      answers.forEach(expectUnavailable);
      await gateway.proxy.cut();
      await gateway.proxy.restore();
      await eventually(async () => expect((await gateway.post(event('after'))).status).toBe(202));
    } finally {
      await gateway.stop();
    }
  });

  it('a new gateway is not ready until it has reached PostgreSQL', async () => {
    const gateway = await startGateway();
    try {
      await gateway.proxy.cut();
      expect(await ready(gateway.app.adminUrl())).toBe(503);
      await gateway.proxy.restore();
      expect(await ready(gateway.app.adminUrl())).toBe(200);
      await gateway.proxy.cut();
      expect(await ready(gateway.app.adminUrl())).toBe(200);
    } finally {
      await gateway.stop();
    }
  });
});

describe('while Redis is away', () => {
  it('events are still accepted, and the log says that their jobs are missing in the engine', async () => {
    const redis = await startTcpProxy(testRedisUrl());
    const engine = createEngine({ redisUrl: redis.url, prefix: `gateway-${randomUUID()}` });
    await engine.ready();
    const gateway = await startGateway({ engine });
    try {
      await gateway.post(event('before'));
      await eventually(async () => expect(await engine.counts('order-status')).toMatchObject({ prioritized: 1 }));
      await redis.cut();
      expect((await gateway.post(event('one'))).status).toBe(202);
      expect((await gateway.post([event('two'), event('three')])).body).toMatchObject({ accepted: 2 });
      await eventually(() => expect(gateway.logLines.join('')).toContain('Jobs could not be added to Redis'));
      await redis.restore();
      await engine.ready();
    } finally {
      await gateway.stop();
      await redis.cut();
    }
  });

  it('a gateway that never reached Redis accepts events, and hands later jobs over when Redis is back', async () => {
    const redis = await startTcpProxy(testRedisUrl());
    await redis.cut();
    const engine = createEngine({ redisUrl: redis.url, prefix: `gateway-${randomUUID()}` });
    const gateway = await startGateway({ engine });
    try {
      expect((await gateway.post(event('one'))).status).toBe(202); // left to the sweep
      await redis.restore();
      await engine.ready();
      expect((await gateway.post(event('two'))).status).toBe(202);
      await eventually(async () => expect(await engine.counts('order-status')).toMatchObject({ prioritized: 1 }));
    } finally {
      await gateway.stop();
      await redis.cut();
    }
  });
});

describe('a gateway that is stopped', () => {
  it('finishes the request in flight and closes its connection', async () => {
    const gateway = await startGateway();
    const { body: posted } = await gateway.post(event('before'));
    // Holds the event's key, so that the request waits in the middle of its statement.
    const release = await holdEvent(gateway.db, 'slow');
    const inFlight = postOverKeepAlive(gateway.app.url(), event('slow'), await gateway.createKey('events:write'));
    await eventually(async () => {
      const waiting = await gateway.db.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      expect(waiting).toHaveLength(1);
    });
    const { href } = gateway.app.url();
    const stopped = gateway.app.stop();
    // From then on new connections are refused, while the answer is still pending.
    await eventually(() => expect(fetch(href)).rejects.toThrow());
    await release();
    expect(await inFlight).toEqual({ status: 202, connection: 'close' });
    await stopped;
    expect(posted.status).toBe('accepted');
    await gateway.stop();
  });

  it('answers new connections until the drain delay has passed, and is not ready', async () => {
    const drainDelayMs = 1000;
    const gateway = await startGateway({}, { http: { host: '127.0.0.1', port: 0, drainDelayMs } });
    const [api, admin] = [gateway.app.url(), gateway.app.adminUrl()];
    const key = await gateway.createKey('events:write');
    await gateway.post(event('before'));
    expect(await ready(admin)).toBe(200);

    const stoppedAt = performance.now();
    const stopped = gateway.app.stop();
    await eventually(async () => expect(await ready(admin)).toBe(503));
    let refusedAt: number | undefined;
    const answers: unknown[] = [];
    while (refusedAt === undefined) {
      const answer = postOverKeepAlive(api, event(`new-${answers.length}`), key).catch(() => undefined);
      if ((await answer) === undefined) refusedAt = performance.now();
      else answers.push(await answer);
    }
    await stopped;
    expect(refusedAt - stoppedAt).toBeGreaterThanOrEqual(drainDelayMs - 1);
    expect(answers).toEqual(answers.map(() => ({ status: 202, connection: 'close' })));
    await gateway.stop();
  });

  it('leaves nothing open, whenever it is stopped', async () => {
    const gateway = await startGateway();
    const config = configOf(gateway.proxy.url, 2);
    const deps = {
      logger: createLogger({ service: 'api-gateway', level: 'silent' }),
      engine: { add: async () => undefined, release: async () => undefined, close: async () => undefined },
      metricsText: async () => '',
      rateLimiter: noLimits,
      docsPageFolder,
    };
    await stressStartStop(() => buildApp(config, deps), { rounds: 3 });
    await gateway.stop();
  });
});

const postOverKeepAlive = (
  url: URL,
  body: unknown,
  key: string,
): Promise<{ status: number | undefined; connection: string | undefined }> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', connection: 'keep-alive' };
    const posting = request(new URL('/v1/events', url), { method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    });
    posting.on('error', reject);
    posting.end(JSON.stringify(body));
  });
