import { eventually } from '@orderly/testing';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { Agent, fetch } from 'undici';
import type { LifeEvent } from './order-lives';
import type { Ready } from './stack';

export interface PartnerRequest {
  readonly orderId: string;
  readonly key: string | null;
  readonly version: number | null;
  readonly status: string | null;
  readonly answer: number | null;
  readonly bodyHash: string;
  readonly isRepeat: boolean;
  readonly fault?: string;
}

export interface Mail {
  readonly messageId: string;
  readonly to: readonly string[];
  readonly subject: string;
}

export interface Statistics {
  readonly events: { readonly accepted: number };
  readonly open: number;
  readonly parked: number;
  readonly blocked: number;
  readonly jobs: readonly { name: string; destination: string | null; state: string; outcome: string | null; count: number }[];
}

export interface EventAnswer {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests assert the parsed JSON and need no types for it
  readonly body: any;
}

export type PartnerName = keyof Ready['partners'];

/** Access of a test to a running stack: its API, partners and mailbox, PostgreSQL and Redis. */
export class StackClient {
  readonly #gateway: string;
  readonly #apiKey: string;
  readonly #partners: Ready['partners'];
  readonly #mailbox: string;
  readonly #ledger: Client;
  /** Keeps connections for a second only, because a test counts the connections that the services hold open. */
  readonly #dispatcher = new Agent({ connections: 16, keepAliveMaxTimeout: 1_000 });
  #isClosed = false;
  readonly redis: Redis;

  private constructor({ gateway, apiKey, partners, mailbox }: Ready, ledger: Client, redis: Redis) {
    this.#gateway = gateway;
    this.#apiKey = apiKey;
    this.#partners = partners;
    this.#mailbox = mailbox;
    this.#ledger = ledger;
    this.redis = redis;
  }

  /** The URLs override those of the stack, for tests in which the stack reaches the servers through a proxy. */
  static async connect(ready: Ready, { databaseUrl = ready.databaseUrl, redisUrl = ready.redisUrl } = {}): Promise<StackClient> {
    const ledger = new Client({ connectionString: databaseUrl, application_name: 'test' });
    await ledger.connect();
    const redis = new Redis(redisUrl);
    redis.on('error', () => undefined); // the failing command also throws
    return new StackClient(ready, ledger, redis);
  }

  /** Safe to call again. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.redis.disconnect();
    await Promise.all([this.#ledger.end(), this.#dispatcher.close()]);
  }

  async request(method: string, path: string, { body, batch }: { body?: unknown; batch?: string } = {}): Promise<EventAnswer> {
    const response = await fetch(`${this.#gateway}${path}`, {
      dispatcher: this.#dispatcher,
      method,
      headers: {
        authorization: `Bearer ${this.#apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(batch === undefined ? {} : { 'orderly-batch': batch }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Posts one event, or several in one request. */
  post(body: LifeEvent | readonly LifeEvent[], batch?: string): Promise<EventAnswer> {
    return this.request('POST', '/v1/events', { body, batch });
  }

  /**
   * Posts all events in their order, in requests of a hundred.
   *
   * @throws Error if an event is not accepted
   */
  async postAll(events: readonly LifeEvent[], batch: string): Promise<{ accepted: number; duplicates: number }> {
    const sum = { accepted: 0, duplicates: 0 };
    for (let from = 0; from < events.length; from += 100) {
      const { status, body } = await this.post(events.slice(from, from + 100), batch);
      const { accepted, duplicates, rejected } = body as Record<'accepted' | 'duplicates' | 'rejected', number>;
      if (status !== 202 || rejected > 0) throw new Error(`${status} ${JSON.stringify(body)}`);
      sum.accepted += accepted;
      sum.duplicates += duplicates;
    }
    return sum;
  }

  async get(path: string): Promise<EventAnswer['body']> {
    const { status, body } = await this.request('GET', path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  statistics(batch: string): Promise<Statistics> {
    return this.get(`/v1/stats?batch=${batch}`) as Promise<Statistics>;
  }

  /** Waits until no job of a batch is open, including parked ones. */
  async untilEnded(batch: string, timeoutMs = 240_000): Promise<Statistics> {
    return eventually(
      async () => {
        const statistics = await this.statistics(batch);
        expect(statistics).toMatchObject({ open: 0, parked: 0, blocked: 0 });
        return statistics;
      },
      { timeoutMs, intervalMs: 100 },
    );
  }

  /** Waits until no job is open at all. A service that has just started may run tasks that were due before. */
  async untilNothingIsOpen(): Promise<void> {
    await eventually(async () => expect(await this.countInLedger("jobs where state <> 'ended'")).toBe(0));
  }

  /** Waits until at least this many jobs of a batch are waiting or running. */
  async untilBusy(batch: string, jobs: number): Promise<void> {
    await eventually(async () => expect((await this.statistics(batch)).open).toBeGreaterThanOrEqual(jobs), { intervalMs: 5 });
  }

  /** The requests about orders with this prefix, as the partner recorded them. */
  async requestsTo(partner: PartnerName, prefix: string): Promise<PartnerRequest[]> {
    const response = await fetch(`${this.#partners[partner]}/requests`, { dispatcher: this.#dispatcher });
    const all = (await response.json()) as PartnerRequest[];
    return all.filter(({ orderId }) => orderId.startsWith(`${prefix}-`));
  }

  async behave(partner: PartnerName, behaviour: object): Promise<void> {
    const response = await fetch(`${this.#partners[partner]}/behaviour`, {
      method: 'PUT',
      body: JSON.stringify(behaviour),
      dispatcher: this.#dispatcher,
    });
    if (!response.ok) throw new Error(await response.text());
  }

  async mailsFor(prefix: string): Promise<Mail[]> {
    const response = await fetch(`${this.#mailbox}/messages?to=${prefix}-`, { dispatcher: this.#dispatcher });
    return (await response.json()) as Mail[];
  }

  async ledger<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#ledger.query<Row>(sql, [...values])).rows;
  }

  /** Counts the rows of a `from` clause. */
  async countInLedger(sql: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.ledger<{ count: string }>(`select count(*) as count from ${sql}`, values);
    return Number(row!.count);
  }
}
