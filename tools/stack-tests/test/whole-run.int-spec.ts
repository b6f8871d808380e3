import { eventually } from '@orderly/testing';
import { readdirSync } from 'node:fs';
import { endAfterAll } from './end-after-all';
import { expectKeptPromises } from './expect-kept-promises';
import { makeOrderLives, shuffleWithinOrders } from './order-lives';
import { Stack } from './stack';
import { StackClient } from './stack-client';

/** The wait of a parked event. It is longer than a run takes, so that no step arrives too late. */
const parkedDeadlineSeconds = 8;
/** The number of connections, and thus open files, that a pool may keep after its last use. */
const tolerance = 4;

describe('the whole stack', () => {
  let stack: Stack;
  let client: StackClient;
  const atTheEnd = endAfterAll();
  let idle: Awaited<ReturnType<typeof resources>>;
  const lives = makeOrderLives({ prefix: 'straight' });
  const shuffled = makeOrderLives({ prefix: 'shuffled' });

  beforeAll(async () => {
    stack = await Stack.start({ environment: { PARKED_DEADLINE_SECONDS: String(parkedDeadlineSeconds) } });
    atTheEnd(() => stack.stop());
    client = await StackClient.connect(stack.ready);
    atTheEnd(() => client.close());
    await client.untilNothingIsOpen();
    const { databaseConnections, openFiles } = await resources();
    // The first job of a queue creates keys that remain in Redis.
    await client.postAll(makeOrderLives({ prefix: 'first', count: 4 }).events, 'first');
    await client.untilEnded('first');
    idle = { redisKeys: await restingRedisKeys(), databaseConnections, openFiles };
  });

  it('processes each event of a file once and in order', async () => {
    expect(await client.postAll(lives.events, 'straight')).toEqual({ accepted: lives.events.length, duplicates: 0 });
    const { jobs } = await client.untilEnded('straight');
    await expectKeptPromises(client, lives);

    const outcomes = jobs.filter(({ name }) => name === 'apply-order-event').map(({ outcome, count }) => ({ outcome, count }));
    expect(outcomes).toEqual([
      { outcome: 'dead', count: 1 },
      { outcome: 'done', count: lives.events.length - 1 },
    ]);
    const versions = await client.countInLedger("order_changes where starts_with(order_id, 'straight-')");
    expect(versions).toBe(lives.events.length - 1);
    const letters = await client.get('/v1/dead-letters');
    expect(letters.deadLetters).toMatchObject([
      { name: 'apply-order-event', errorCode: 'parked-too-long', orderId: 'straight-0008' },
    ]);
  });

  it('accepts the same file again as duplicates, and changes nothing', async () => {
    const facts = (): Promise<unknown[]> =>
      Promise.all([
        client.requestsTo('erp', 'straight'),
        client.requestsTo('wms', 'straight'),
        client.mailsFor('straight'),
        client.ledger("select id, state, tries from jobs where starts_with(order_id, 'straight-') order by id"),
        client.ledger(
          "select order_id, status, version, updated_at from orders where starts_with(order_id, 'straight-') order by 1",
        ),
      ]);
    const before = await facts();
    expect(await client.postAll(lives.events, 'again')).toEqual({ accepted: 0, duplicates: lives.events.length });
    // New events would wait behind jobs of the duplicates. When they have ended, there are none.
    await client.postAll(makeOrderLives({ prefix: 'after', count: 4 }).events, 'after');
    await client.untilEnded('after');
    expect(await client.statistics('again')).toMatchObject({ events: { accepted: 0 }, open: 0, jobs: [] });
    expect(await facts()).toEqual(before);
  });

  it('reaches the same statuses if the events of each order arrive in another order', async () => {
    const events = shuffleWithinOrders(shuffled);
    expect(events).not.toEqual(shuffled.events);
    expect(await client.postAll(events, 'shuffled')).toEqual({ accepted: events.length, duplicates: 0 });
    await client.untilEnded('shuffled');
    await expectKeptPromises(client, shuffled, { inOrder: false });
  });

  it('holds no more keys, connections and open files after the work than before', async () => {
    await eventually(
      async () => {
        const now = await resources();
        expect(now.redisKeys).toBeLessThanOrEqual(idle.redisKeys);
        expect(now.databaseConnections).toBeLessThanOrEqual(idle.databaseConnections + tolerance);
        const tooMany = Object.entries(now.openFiles).filter(([service, count]) => count > idle.openFiles[service]! + tolerance);
        expect({ before: idle.openFiles, tooMany }).toEqual({ before: idle.openFiles, tooMany: [] });
      },
      { intervalMs: 500 },
    );
  });

  it('leaves no process and no file behind when it stops', async () => {
    await client.close();
    expect(stack.processes().length).toBeGreaterThan(7);
    expect(await stack.end('SIGINT')).toBe(0);
    expect(stack.leftFiles()).toEqual([]);
    // The guard shells of its processes end a moment later.
    await eventually(() => expect(stack.processes()).toEqual([]));
  });

  async function resources() {
    const [redisKeys, databaseConnections] = await Promise.all([
      client.redis.dbsize(),
      client.countInLedger("pg_stat_activity where datname = current_database() and application_name <> 'test'"),
    ]);
    const openFiles = Object.entries(stack.ready.pids).map(([service, pid]) => [service, readdirSync(`/proc/${pid}/fd`).length]);
    return { redisKeys, databaseConnections, openFiles: Object.fromEntries(openFiles) as Record<string, number> };
  }

  /** Waits until the number of keys has been stable for a second: a job's keys are removed a moment after its end. */
  async function restingRedisKeys(): Promise<number> {
    let last = NaN;
    let looks = 0;
    return eventually(
      async () => {
        const now = await client.redis.dbsize();
        looks = now === last ? looks + 1 : 0;
        last = now;
        expect(looks).toBeGreaterThanOrEqual(10);
        return now;
      },
      { intervalMs: 100 },
    );
  }
});
