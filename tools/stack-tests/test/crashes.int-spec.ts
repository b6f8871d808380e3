import { eventually } from '@orderly/testing';
import { endAfterAll } from './end-after-all';
import { expectKeptPromises, inParts } from './expect-kept-promises';
import { makeOrderLives } from './order-lives';
import { Stack } from './stack';
import { StackClient } from './stack-client';

const workers = ['status-worker', 'order-sync-worker', 'notification-worker'] as const;
type Worker = (typeof workers)[number];

/** The delay of a partner's answer. */
const slowMs = 60;

describe('processes and servers that fail during work', () => {
  let stack: Stack;
  let client: StackClient;
  const atTheEnd = endAfterAll();

  beforeAll(async () => {
    stack = await Stack.start({ environment: { PARKED_DEADLINE_SECONDS: '20' } });
    atTheEnd(() => stack.stop());
    client = await StackClient.connect(stack.ready);
    atTheEnd(() => client.close());
  });

  beforeEach(async () => {
    // Slow partners make sure that work is under way when a process is killed.
    await Promise.all((['erp', 'wms'] as const).map((partner) => client.behave(partner, { mode: 'slow', delayMs: slowMs })));
  });

  it('lose nothing, repeat no effect and send no message twice if a worker is killed', async () => {
    const lives = makeOrderLives({ prefix: 'killed' });
    let beingSent = 0;
    for (const [part, events] of inParts(lives.events, workers.length).entries()) {
      const worker = workers[part]!;
      await client.postAll(events, 'killed');
      const pid = stack.pidOf(worker);
      const running = await killAtWork(worker, pid);
      if (worker === 'notification-worker') beingSent = running;
      await untilReplaced(worker, pid);
    }
    await client.untilEnded('killed');
    await expectKeptPromises(client, lives, { unknownMessages: beingSent });
  });

  it('lose nothing and repeat no effect if Redis is emptied', async () => {
    const lives = makeOrderLives({ prefix: 'flushed', seed: 2 });
    await client.postAll(lives.events, 'flushed');
    for (const open of [300, 100]) {
      await eventually(async () => expect((await client.statistics('flushed')).open).toBeLessThan(open), { timeoutMs: 60_000 });
      await client.redis.flushall();
    }
    await client.untilEnded('flushed');
    await expectKeptPromises(client, lives);
  });

  it('finish or hand back running jobs without using an attempt if a worker is told to stop', async () => {
    const lives = makeOrderLives({ prefix: 'stopped', seed: 3 });
    for (const [part, events] of inParts(lives.events, workers.length).entries()) {
      const worker = workers[part]!;
      // Some calls take longer than a stopping worker waits for them.
      if (worker === 'order-sync-worker') await client.behave('wms', { mode: 'slow', delayMs: 6_000, count: 5 });
      await client.postAll(events, 'stopped');
      await eventually(async () => expect(await runningJobs(worker)).toBeGreaterThan(0), { intervalMs: 5 });
      const pid = stack.pidOf(worker);
      process.kill(pid, 'SIGTERM');
      await untilReplaced(worker, pid);
    }
    await client.untilEnded('stopped');
    await expectKeptPromises(client, lives);

    const attempts = await client.ledger<{ outcome: string; used_attempt: boolean; count: number }>(
      `select a.outcome, a.used_attempt, count(*)::int as count
       from attempts a join jobs j on j.id = a.job_id where starts_with(j.order_id, 'stopped-') group by 1, 2 order by 1`,
    );
    expect(attempts).toContainEqual({ outcome: 'handed-back', used_attempt: false, count: expect.any(Number) as number });
    expect(attempts.filter(({ outcome }) => !['done', 'dead', 'handed-back'].includes(outcome))).toEqual([]);
    const notOnce = "jobs where starts_with(order_id, 'stopped-') and outcome = 'done' and (attempts_used > 1 or crashes > 0)";
    expect(await client.countInLedger(notOnce)).toBe(0);
  });

  it('are restarted if the gateway or the cleanup is killed', async () => {
    for (const service of ['api-gateway', 'cleanup-cron']) {
      const pid = stack.pidOf(service);
      process.kill(pid, 'SIGKILL');
      await untilReplaced(service, pid);
    }
    expect((await client.request('GET', '/v1/orders/nobody-knows-it')).status).toBe(404);
  });

  // Freezes the worker first, to count its running work, and kills it only at a moment at which a mistake would show.
  async function killAtWork(worker: Worker, pid: number): Promise<number> {
    return eventually(
      async () => {
        process.kill(pid, 'SIGSTOP');
        await eventually(async () => expect(await client.countInLedger(statementsOf(worker))).toBe(0));
        const running = await runningJobs(worker);
        const isGoodMoment = await holds(async () => expect(await effectsNobodyWroteDown(worker)).toBeGreaterThan(0));
        process.kill(pid, isGoodMoment ? 'SIGKILL' : 'SIGCONT');
        expect(isGoodMoment).toBe(true);
        return running;
      },
      { intervalMs: 10 },
    );
  }

  // Counts effects that have reached a partner or customer and are not in the ledger yet. Trying these again would repeat them.
  async function effectsNobodyWroteDown(worker: Worker): Promise<number> {
    switch (worker) {
      case 'status-worker': // all its effects are in the ledger
        return runningJobs(worker);
      case 'order-sync-worker': {
        const calls = await Promise.all([client.requestsTo('erp', 'killed'), client.requestsTo('wms', 'killed')]);
        const written =
          "attempts join jobs on jobs.id = job_id where starts_with(order_id, 'killed-') and destination is not null";
        return calls.flat().length - (await client.countInLedger(written));
      }
      case 'notification-worker': {
        const { length: mails } = await client.mailsFor('killed');
        return mails - (await client.countInLedger("messages where starts_with(order_id, 'killed-') and state = 'sent'"));
      }
    }
  }

  // PostgreSQL still finishes the statements that a process sent before it was frozen.
  const statementsOf = (worker: Worker): string =>
    `pg_stat_activity where application_name = '${worker}' and state = 'active' and datname = current_database()`;

  function runningJobs(worker: Worker): Promise<number> {
    switch (worker) {
      case 'status-worker': // a row lock takes the place of a claim, so its jobs never appear as running
        return client.countInLedger("jobs where queue = 'order-status' and state = 'runnable'");
      case 'order-sync-worker':
        return client.countInLedger("jobs where queue like 'order-sync.%' and state = 'running'");
      case 'notification-worker':
        return client.countInLedger("jobs where queue = 'notifications' and state = 'running'");
    }
  }

  async function untilReplaced(service: string, pid: number): Promise<void> {
    await eventually(() => expect(stack.pidOf(service)).not.toBe(pid));
  }
});

/** Whether an assertion becomes true while a slow partner prepares its answer. */
async function holds(assertion: () => Promise<void>): Promise<boolean> {
  return eventually(assertion, { timeoutMs: 2 * slowMs }).then(
    () => true,
    () => false,
  );
}
