import { eventually } from '@orderly/testing';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { event, neverOverloaded, startGateway, type Answer, type TestGateway } from './gateway';

let gateway: TestGateway;
afterEach(() => gateway.stop());

const expectOverloaded = ({ status, headers, body }: Answer): void => {
  expect({ status, code: body.code, retryable: body.retryable }).toEqual({ status: 503, code: 'overloaded', retryable: true });
  expect(headers.get('retry-after')).toMatch(/^[1-5]$/);
};

/** On a slow machine the deadline of the ledger may pass before the test releases a request. */
const expectServed = ({ status, body }: Answer, expected: number): void =>
  expect(body.code === 'database-unavailable' ? expected : status).toBe(expected);

/** Waits for all answers, and separates the refused requests from the others. */
async function askMany(count: number): Promise<{ readonly refused: Answer[]; readonly served: Answer[] }> {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => gateway.get(`/v1/events/shop/none-${index}`)));
  return {
    refused: answers.filter(({ body }) => body.code === 'overloaded'),
    served: answers.filter(({ body }) => body.code !== 'overloaded'),
  };
}

/** The status of a request whose body never arrives. Its key needs no look-up in the ledger, so it never waits. */
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

const idsOf = (answers: readonly Answer[]): string[] => answers.map(({ body }) => body.id as string);

const storedIds = async (): Promise<string[]> =>
  (await gateway.db.query<{ id: string }>('select id from event_keys order by id collate "C"')).map(({ id }) => id);

/** Both statements of the intake wait for a lock until it is released. */
async function blockIntake(): Promise<{ release: () => Promise<void>; sent: Promise<Answer>[] }> {
  await gateway.get('/v1/events/shop/none'); // from then on the key is known
  const holder = await gateway.db.pool.connect();
  await holder.query('begin; lock table event_keys in exclusive mode');
  const sent: Promise<Answer>[] = [];
  for (const index of [0, 1]) {
    sent.push(gateway.post(event(`sent-${index}`)));
    await eventually(async () => {
      const blocked = await gateway.db.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      expect(blocked).toHaveLength(index + 1);
    });
  }
  const release = async (): Promise<void> => {
    await holder.query('rollback');
    holder.release();
  };
  return { release, sent };
}

describe('a gateway whose connections to PostgreSQL are all in use', () => {
  it('refuses requests that would wait behind too many others at once, serves waiting ones, and loses no event', async () => {
    gateway = await startGateway({}, { overload: { ...neverOverloaded, poolWaiting: 5 } }, 1);
    const { release, inFlight } = await occupyConnection();
    const asking = askMany(40);
    await eventually(async () => expect(await statusWithoutBody()).toBe(503));
    expectOverloaded(await gateway.post(event('late')));
    await release();
    const { refused, served } = await asking;
    refused.forEach(expectOverloaded);
    expect(refused.length).toBeGreaterThan(10);
    expect(served.length).toBeGreaterThan(0);
    served.forEach((answer) => expectServed(answer, 404));

    expectServed(await inFlight, 202);
    expect((await gateway.post(event('late'))).body).toMatchObject({ status: 'accepted' });
    expect((await askMany(5)).refused).toEqual([]);
    expect(await storedIds()).toEqual(expect.arrayContaining((await inFlight).status === 202 ? ['late', 'slow'] : ['late']));
    expect(gateway.logLines.filter((line) => line.includes('is overloaded'))).toHaveLength(1);
  });

  it('refuses no request of a burst that it can serve in time', async () => {
    // The default. The duration depends on the machine, so no limit of time is set.
    gateway = await startGateway({}, { overload: { ...neverOverloaded, poolWaiting: 2000 } }, 5);
    await gateway.get('/v1/events/shop/none');
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, index) =>
        gateway.post([event(`one-${index}`), event(`two-${index}`)], { 'idempotency-key': `burst-${index}` }),
      ),
    );
    expect(answers.filter(({ body }) => body.code === 'overloaded')).toEqual([]);
  });

  it('refuses requests before reading their bodies while one has waited too long', async () => {
    gateway = await startGateway({}, { overload: { ...neverOverloaded, poolWaitMs: 100 } }, 1);
    const { release, inFlight } = await occupyConnection();
    const waiting = gateway.get('/v1/events/shop/none');
    await eventually(async () => expect(await statusWithoutBody()).toBe(503));
    expectOverloaded(await gateway.get('/v1/events/shop/none'));
    await release();
    expectServed(await waiting, 404);
    // On a slow machine the event's own deadline has passed, and it was dropped unstored.
    expect([202, 503]).toContain((await inFlight).status);
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
});

describe('a gateway with events that wait to be stored', () => {
  it('refuses events beyond its bound at once, still answers reads, and stores no refused event', async () => {
    gateway = await startGateway({}, { overload: { ...neverOverloaded, intakeWaiting: 3 } });
    const { release, sent } = await blockIntake();
    const waiting = ['w-0', 'w-1', 'w-2'].map((id) => gateway.post(event(id)));
    await eventually(async () => expectOverloaded(await gateway.post(event('refused'))));
    expectOverloaded(await gateway.post([event('refused-1'), event('refused-2')], { 'idempotency-key': 'k' }));
    expect((await gateway.get('/v1/events/shop/none')).status).toBe(404);
    await release();
    const answers = await Promise.all([...sent, ...waiting]);
    const stored = await storedIds();
    expect(stored.filter((id) => id.startsWith('refused'))).toEqual([]);
    expect(stored).toEqual(expect.arrayContaining(idsOf(answers.filter(({ status }) => status === 202))));
    expect((await gateway.post(event('refused'))).body).toMatchObject({ status: 'accepted' });
    expect(gateway.logLines.filter((line) => line.includes('is overloaded'))).toHaveLength(1);
  });

  it('refuses events before reading their bodies while one has waited too long, and accepts them again afterwards', async () => {
    gateway = await startGateway({}, { overload: { ...neverOverloaded, intakeWaitMs: 100 } });
    const { release, sent } = await blockIntake();
    const late = gateway.post(event('late'));
    await eventually(async () => expect(await statusWithoutBody()).toBe(503));
    expect((await gateway.get('/v1/events/shop/none')).status).toBe(404);
    await release();
    await Promise.all(sent);
    expect((await late).status).toBe(503);
    expect((await gateway.post(event('after'))).status).toBe(202);
    expect(await storedIds()).not.toContain('late');
  });

  it('does not store an event whose client disconnected before its turn', async () => {
    gateway = await startGateway({}, { overload: neverOverloaded });
    const key = await gateway.createKey('events:write');
    const { release, sent } = await blockIntake();
    const client = await sendAndKeepOpen(event('gone'), key);
    // Once another request is answered, the gateway has read this one, and the second time has seen its connection end.
    await gateway.get('/v1/events/shop/none');
    client.destroy();
    await once(client, 'close');
    await gateway.get('/v1/events/shop/none');
    await release();
    await Promise.all(sent);
    expect((await gateway.post(event('after'))).status).toBe(202);
    expect(await storedIds()).not.toContain('gone');
  });

  /** Sends an event over a connection of its own, without waiting for the answer. */
  async function sendAndKeepOpen(body: object, key: string): Promise<Socket> {
    const { hostname, port } = gateway.app.url();
    const text = JSON.stringify(body);
    const client = connect(Number(port), hostname);
    const head = ['POST /v1/events HTTP/1.1', 'host: x', `authorization: Bearer ${key}`, 'content-type: application/json'];
    await new Promise((resolve) => client.write([...head, `content-length: ${text.length}`, '', text].join('\r\n'), resolve));
    return client;
  }
});

describe('a gateway whose PostgreSQL stores events more slowly than they arrive', () => {
  it('accepts what can be stored in time, refuses the rest, and recovers together with PostgreSQL', async () => {
    gateway = await startGateway({}, { overload: { ...neverOverloaded, intakeWaiting: 5000, intakeWaitMs: 500 } });
    await slowEvents(20);
    const accepted: string[] = [];
    const refused: string[] = [];
    let next = 0;
    let isOffering = true;
    const offer = async (): Promise<void> => {
      while (isOffering) {
        const id = `offered-${next++}`;
        const { status, body } = await gateway.post(event(id));
        if (status === 202) accepted.push(id);
        else if (body.code === 'overloaded') refused.push(id);
        else expect({ status, code: body.code }).toEqual({ status: 503, code: 'database-unavailable' });
      }
    };
    const senders = Array.from({ length: 300 }, offer);
    await eventually(() => expect(refused.length).toBeGreaterThan(500), { timeoutMs: 60_000 });
    const before = accepted.length;
    await eventually(() => expect(accepted.length - before).toBeGreaterThan(200), { timeoutMs: 60_000 });
    isOffering = false;
    await Promise.all(senders);
    await gateway.db.query('drop trigger slow on events');

    const burst = await Promise.all(Array.from({ length: 100 }, (_, index) => gateway.post(event(`after-${index}`))));
    expect(burst.filter(({ status }) => status !== 202)).toEqual([]);
    const stored = new Set(await storedIds());
    expect(accepted.filter((id) => !stored.has(id))).toEqual([]);
    expect(refused.filter((id) => stored.has(id))).toEqual([]);
  });

  /** Makes PostgreSQL take this long to store an event. */
  async function slowEvents(ms: number): Promise<void> {
    await gateway.db.query(
      `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(${ms / 1000}); return new; end $$`,
    );
    await gateway.db.query('create trigger slow before insert on events for each row execute function slow()');
  }
});

describe('a gateway whose event loop is delayed', () => {
  it('refuses requests until the loop is on time, and every accepted event is in the ledger', async () => {
    gateway = await startGateway({}, { overload: { ...neverOverloaded, eventLoopDelayMs: 500 } });
    const stopBlocking = blockEventLoop(750);
    const answers = new Map<string, Answer>();
    try {
      await eventually(
        async () => {
          const id = `late-${answers.size}`;
          const answer = await gateway.post(event(id));
          answers.set(id, answer);
          expectOverloaded(answer);
        },
        { timeoutMs: 60_000 },
      );
    } finally {
      stopBlocking();
    }
    await eventually(async () => expect((await gateway.post(event('after'))).status).toBe(202), { timeoutMs: 60_000 });
    const stored = new Set(await storedIds());
    const idsWith = (test: (answer: Answer) => boolean): string[] =>
      [...answers].filter(([, answer]) => test(answer)).map(([id]) => id);
    expect(idsWith(({ status }) => status === 202).filter((id) => !stored.has(id))).toEqual([]);
    expect(idsWith(({ body }) => body.code === 'overloaded').filter((id) => stored.has(id))).toEqual([]);
  });

  /** Blocks each turn of the event loop for this long. */
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
    // Any process uses more than this.
    gateway = await startGateway({}, { overload: { ...neverOverloaded, heapPercent: 1 } });
    await eventually(async () => expectOverloaded(await gateway.get('/v1/events/shop/none')), { timeoutMs: 60_000 });
    expect((await fetch(new URL('/readyz', gateway.app.adminUrl()))).status).toBe(200);
    expect((await fetch(new URL('/livez', gateway.app.adminUrl()))).status).toBe(200);
  });
});
