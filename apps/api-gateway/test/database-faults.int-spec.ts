import { eventually } from '@orderly/testing';
import { event, startGateway, type TestGateway } from './gateway';
import { holdEvent } from './hold-event';

let gateway: TestGateway;
beforeAll(async () => void (gateway = await startGateway()));
afterAll(() => gateway.stop());

/** Lets PostgreSQL fail with a code when the event with this id is stored: always, or the first few times. */
async function failAt(id: string, code: string, times = 1_000_000): Promise<void> {
  await gateway.db.query('create sequence if not exists tries');
  await gateway.db.query('alter sequence tries restart');
  await gateway.db.query(`
    create or replace function fail_at() returns trigger language plpgsql as $$
    begin
      if new.id = '${id}' and nextval('tries') <= ${times} then
        raise exception 'raised' using errcode = '${code}';
      end if;
      return new;
    end $$`);
  await gateway.db.query('create or replace trigger fail_at before insert on event_keys for each row execute function fail_at()');
}

const keyed = (id: string): Record<string, string> => ({ 'idempotency-key': `"${id}"` });

describe.each<[string, (id: string) => Promise<{ status: number; body: { code?: string }; headers: Headers }>]>([
  ['a single event', (id) => gateway.post(event(id))],
  ['a batch', (id) => gateway.post([event(id), event(`${id}-other`)])],
  ['an event under a key', (id) => gateway.post(event(id), keyed(id))],
  ['a batch under a key', (id) => gateway.post([event(id), event(`${id}-other`)], keyed(id))],
])('%s', (name, post) => {
  it.each(['57014', '40001', '40P01', '55P03', '53200', '53100', '53300', '25006', '57P01', '42501', '28P01'])(
    'gets 503 with Retry-After while PostgreSQL fails with %s, and is accepted afterwards',
    async (code) => {
      const id = `${name} ${code}`.replaceAll(' ', '-');
      await failAt(id, code);
      const answer = await post(id);
      expect(answer).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('5');
      await gateway.db.query('drop trigger fail_at on event_keys');
      expect((await post(id)).status).toBe(202);
    },
  );

  it.each(['57014', '40001', '55P03', '53200'])('is accepted when PostgreSQL fails with %s three times', async (code) => {
    const id = `${name} passing ${code}`.replaceAll(' ', '-');
    await failAt(id, code, 3);
    expect((await post(id)).status).toBe(202);
  });

  it('gets 500 if PostgreSQL rejects the statement', async () => {
    const id = `${name} refused`.replaceAll(' ', '-');
    await failAt(id, '22012');
    expect(await post(id)).toMatchObject({ status: 500, body: { code: 'internal-error' } });
  });
});

describe('concurrent single events', () => {
  it('are accepted although PostgreSQL runs out of memory for one of them', async () => {
    await failAt('greedy', '53200');
    const ids = ['one', 'two', 'three', 'greedy', 'four', 'five'];
    const answers = await Promise.all(ids.map((id) => gateway.post(event(id))));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 503, 202, 202]);
  });
});

describe('a request that times out because PostgreSQL is slow', () => {
  it.each<[string, (id: string) => Promise<{ status: number }>]>([
    ['a single event', (id) => gateway.post(event(id))],
    ['a batch', (id) => gateway.post([event(id), event(`${id}-other`)])],
    ['an event under a key', (id) => gateway.post(event(id), keyed(id))],
  ])('leaves no statement running on the server: %s', async (name, post) => {
    const id = `${name} held`.replaceAll(' ', '-');
    const release = await holdEvent(gateway.db, id);
    expect(await post(id)).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
    await eventually(async () =>
      expect(
        await gateway.db.query(
          `select query from pg_stat_activity
           where application_name = 'api-gateway' and datname = current_database() and state <> 'idle'`,
        ),
      ).toEqual([]),
    );
    await release();
    expect((await post(id)).status).toBe(202);
  });
});

describe.each<[string, (url: URL, name: string) => Promise<URL>, RegExp]>([
  [
    'a database that does not exist',
    async (url) => Object.assign(url, { pathname: '/nowhere' }),
    /configuration-invalid.*database \\"nowhere\\" does not exist.*api-gateway is not ready/,
  ],
  [
    'a user who is refused',
    async (url) => Object.assign(url, { username: 'nobody-here', password: 'pa55word' }),
    /configuration-invalid.*PostgreSQL refuses DATABASE_URL .*nobody-here.*correct the user and the password/,
  ],
  [
    'a standby',
    async (url, name) => {
      await gateway.db.query(`alter database "${name}" set default_transaction_read_only = on`);
      return url;
    },
    /database-unavailable.*PostgreSQL at DATABASE_URL is read-only/,
  ],
])('a gateway that starts with %s', (_name, spoil, line) => {
  it('says so in one line without the password, and is not ready', async () => {
    const url = await spoil(new URL(gateway.proxy.url), decodeURIComponent(new URL(gateway.proxy.url).pathname.slice(1)));
    const spoilt = await startGateway({}, { database: { url: url.href, poolSize: 2 } });
    try {
      await eventually(() => expect(spoilt.logLines.filter((text) => line.test(text))).toHaveLength(1));
      expect((await fetch(new URL('/readyz', spoilt.app.adminUrl()))).status).toBe(503);
      expect(spoilt.logLines.filter((text) => text.includes('is not ready'))).toHaveLength(1);
      expect(spoilt.logLines.join('')).not.toContain('pa55word');
    } finally {
      await spoilt.stop();
    }
  });

  afterAll(async () => {
    const name = decodeURIComponent(new URL(gateway.proxy.url).pathname.slice(1));
    await gateway.db.query(
      `set default_transaction_read_only = off; alter database "${name}" reset default_transaction_read_only`,
    );
  });
});
