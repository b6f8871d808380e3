import { eventually } from '@orderly/testing';
import { request } from 'node:http';
import { configOf, event, startGateway, type Answer, type TestGateway } from './gateway';

const off = { eventLoopDelayMs: 0, heapPercent: 0, poolWaiting: 0, poolWaitMs: 0 };

let gateway: TestGateway;
afterEach(() => gateway.stop());

const expectOverloaded = ({ status, headers, body }: Answer): void => {
  expect({ status, code: body.code, retryable: body.retryable }).toEqual({ status: 503, code: 'overloaded', retryable: true });
  expect(headers.get('retry-after')).toMatch(/^[1-5]$/);
};

/** Asks, waits for all of them, and tells those that were refused from the others. */
async function askMany(count: number): Promise<{ readonly refused: Answer[]; readonly served: Answer[] }> {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => gateway.get(`/v1/events/shop/none-${index}`)));
  return {
    refused: answers.filter(({ status }) => status === 503),
    served: answers.filter(({ status }) => status !== 503),
  };
}

describe('a gateway whose connections to PostgreSQL are all in use', () => {
  it('refuses at once what would wait behind too many, serves who waits, and loses no event', async () => {
    gateway = await startGateway({}, { overload: { ...off, poolWaiting: 5 } }, 1);
    const { release, inFlight } = await occupyConnection();
    const asking = askMany(40);
    await eventually(async () => expect(await statusWithoutBody()).toBe(503));
    expectOverloaded(await gateway.post(event('late')));
    await release();
    const { refused, served } = await asking;
    refused.forEach(expectOverloaded);
    expect(refused.length).toBeGreaterThan(10);
    expect(served.length).toBeGreaterThan(0);
    expect(new Set(served.map(({ status }) => status))).toEqual(new Set([404]));

    expect((await inFlight).body).toMatchObject({ status: 'accepted' });
    expect((await gateway.post(event('late'))).body).toMatchObject({ status: 'accepted' });
    expect((await askMany(5)).refused).toEqual([]);
    const rows = await gateway.db.query('select id from event_keys order by id');
    expect(rows).toEqual([{ id: 'late' }, { id: 'slow' }]);
    expect(gateway.logLines.filter((line) => line.includes('Too much load'))).toHaveLength(1);
  });

  it('refuses nobody of a burst that it can serve in time', async () => {
    // How long it takes is a matter of the machine.
    const { poolWaiting } = configOf('').overload;
    gateway = await startGateway({}, { overload: { ...off, poolWaiting } }, 5);
    await gateway.get('/v1/events/shop/none');
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        gateway.post([event(`one-${index}`), event(`two-${index}`)], { 'idempotency-key': `burst-${index}` }),
      ),
    );
    expect(answers.filter(({ body }) => body.code === 'overloaded')).toEqual([]);
  });

  it('refuses at once while somebody has waited too long, before the body is read', async () => {
    gateway = await startGateway({}, { overload: { ...off, poolWaitMs: 100 } }, 1);
    const { release, inFlight } = await occupyConnection();
    const waiting = gateway.get('/v1/events/shop/none');
    await eventually(async () => expect(await statusWithoutBody()).toBe(503));
    expectOverloaded(await gateway.get('/v1/events/shop/none'));
    await release();
    expect((await waiting).status).toBe(404);
    expect((await inFlight).status).toBe(202);
    expect((await gateway.post(event('after'))).status).toBe(202);
  });

  /** The gateway's only connection waits for a lock until it is released. */
  async function occupyConnection(): Promise<{ release: () => Promise<void>; inFlight: Promise<Answer> }> {
    await gateway.get('/v1/events/shop/none'); // from then on the key is known
    const holder = await gateway.db.pool.connect();
    await holder.query('begin');
    await holder.query('lock table event_keys in exclusive mode');
    const inFlight = gateway.post(event('slow'));
    await eventually(async () => {
      const blocked = await gateway.db.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      expect(blocked).toHaveLength(1);
    });
    const release = async (): Promise<void> => {
      await holder.query('rollback');
      holder.release();
    };
    return { release, inFlight };
  }

  /** Of a request whose body never comes, and whose key needs no look into the ledger: so it never waits itself. */
  function statusWithoutBody(): Promise<number | undefined> {
    const headers = { authorization: 'Bearer none', 'content-type': 'application/json', 'content-length': '1000' };
    return new Promise((resolve, reject) => {
      const posting = request(new URL('/v1/events', gateway.app.url()), { method: 'POST', headers }, (response) => {
        resolve(response.statusCode);
        posting.destroy();
      });
      posting.on('error', reject);
      posting.flushHeaders();
    });
  }
});

describe('a gateway whose event loop is late', () => {
  it('refuses requests until it is in time again, and every event that it accepted is in the ledger', async () => {
    gateway = await startGateway({}, { overload: { ...off, eventLoopDelayMs: 50 } });
    const stopBlocking = blockEventLoop(150);
    const answers = new Map<string, Answer>();
    try {
      await eventually(
        async () => {
          const id = `late-${answers.size}`;
          const answer = await gateway.post(event(id));
          answers.set(id, answer);
          expectOverloaded(answer);
        },
        { timeoutMs: 20_000 },
      );
    } finally {
      stopBlocking();
    }
    await eventually(async () => expect((await gateway.post(event('after'))).status).toBe(202), { timeoutMs: 10_000 });
    const accepted = [...answers].filter(([, { status }]) => status === 202).map(([id]) => id);
    const rows = await gateway.db.query<{ id: string }>(`select id from event_keys where id like 'late-%'`);
    expect(rows.map(({ id }) => id).sort()).toEqual(accepted.sort());
  });

  /** Keeps the event loop busy for so long in each of its turns. */
  function blockEventLoop(forMs: number): () => void {
    let isBlocking = true;
    const block = (): void => {
      const end = performance.now() + forMs;
      while (performance.now() < end);
      if (isBlocking) setImmediate(block);
    };
    setImmediate(block);
    return () => void (isBlocking = false);
  }
});

describe('a gateway whose heap is full', () => {
  it('refuses requests, and its admin port still answers', async () => {
    // Any process has more than this in use.
    gateway = await startGateway({}, { overload: { ...off, heapPercent: 1 } });
    await eventually(async () => expectOverloaded(await gateway.get('/v1/events/shop/none')), { timeoutMs: 10_000 });
    expect((await fetch(new URL('/readyz', gateway.app.adminUrl()))).status).toBe(200);
    expect((await fetch(new URL('/livez', gateway.app.adminUrl()))).status).toBe(200);
  });
});
