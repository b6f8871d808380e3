import { startPrivateRedis, startTcpProxy, stopTcpProxies, type TcpProxy } from '@orderly/queue/testing';
import { createTestDatabase, eventually } from '@orderly/testing';
import { endAfterAll } from './end-after-all';
import { expectKeptPromises } from './expect-kept-promises';
import { makeOrderLives, type LifeEvent, type OrderLives } from './order-lives';
import { Stack } from './stack';
import { StackClient } from './stack-client';

describe('an outage', () => {
  let stack: Stack;
  let client: StackClient;
  let postgres: TcpProxy;
  let redis: TcpProxy;
  const atTheEnd = endAfterAll();

  beforeAll(async () => {
    const [database, server] = await Promise.all([createTestDatabase(), startPrivateRedis()]);
    atTheEnd(server.stop);
    atTheEnd(stopTcpProxies);
    [postgres, redis] = await Promise.all([startTcpProxy(database.url), startTcpProxy(server.url)]);
    stack = await Stack.start({
      environment: { DATABASE_URL: postgres.url, REDIS_URL: redis.url, PARKED_DEADLINE_SECONDS: '20' },
    });
    atTheEnd(() => stack.stop());
    client = await StackClient.connect(stack.ready, { databaseUrl: database.url, redisUrl: server.url });
    atTheEnd(() => client.close());
  });

  it('of Redis does not stop the intake, and work continues when it is back', async () => {
    const lives = makeOrderLives({ prefix: 'no-redis', count: 60 });
    await client.postAll(firstHalf(lives), 'no-redis');
    await client.untilBusy('no-redis', 1);
    await redis.cut();
    await client.postAll(secondHalf(lives), 'no-redis');
    expect((await client.post(makeOrderLives({ prefix: 'single', count: 1 }).events[0]!)).status).toBe(202);
    expect((await client.statistics('no-redis')).open).toBeGreaterThan(0);

    // Redis comes back without any of its data.
    await client.redis.flushall();
    await redis.restore();
    await client.untilEnded('no-redis');
    await expectKeptPromises(client, lives);
  });

  it('of PostgreSQL makes the gateway answer 503 with Retry-After, and fails no job', async () => {
    const lives = makeOrderLives({ prefix: 'no-ledger', count: 60 });
    await Promise.all((['erp', 'wms'] as const).map((partner) => client.behave(partner, { mode: 'slow', delayMs: 60 })));
    await client.postAll(firstHalf(lives), 'no-ledger');
    await client.untilBusy('no-ledger', 1);
    await postgres.cut();

    const [next, ...rest] = secondHalf(lives);
    for (const answer of [await client.post([next!], 'no-ledger'), await client.post(rest, 'no-ledger')])
      expectUnavailable(answer);
    // Without PostgreSQL the gateway cannot even check the API key.
    expectUnavailable(await client.request('GET', `/v1/orders/${lives.orders[0]!.orderId}`));

    await postgres.restore();
    await eventually(async () => expect((await client.request('GET', '/v1/dead-letters')).status).toBe(200));
    const keys = (events: readonly LifeEvent[]): Promise<number> =>
      client.countInLedger('event_keys where id = any($1)', [events.map(({ id }) => id)]);
    expect(await keys(secondHalf(lives))).toBe(0);
    expect(await keys(firstHalf(lives))).toBe(firstHalf(lives).length);

    await client.postAll(secondHalf(lives), 'no-ledger');
    await client.untilEnded('no-ledger');
    await expectKeptPromises(client, lives);
    const failed = await client.ledger(
      `select a.outcome, a.error_code from attempts a join jobs j on j.id = a.job_id
       where starts_with(j.order_id, 'no-ledger-') and a.outcome <> 'done' and a.error_code is distinct from 'parked-too-long'`,
    );
    expect(failed).toEqual([]);
  });
});

function expectUnavailable({ status, headers, body }: Awaited<ReturnType<StackClient['request']>>): void {
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'database-unavailable' });
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

const middle = ({ events }: OrderLives): number => Math.floor(events.length / 2);
const firstHalf = (lives: OrderLives): readonly LifeEvent[] => lives.events.slice(0, middle(lives));
const secondHalf = (lives: OrderLives): readonly LifeEvent[] => lives.events.slice(middle(lives));
