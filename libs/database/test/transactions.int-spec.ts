import { createTestDatabase, eventually } from '@orderly/testing';
import { buildSync } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Database } from '../src/index';

let server: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  db = createDatabase({ url: server.url, poolSize: 4, applicationName: 'test' });
  await db.query('create table held (number integer)');
  await db.query('insert into held values (0)');
});
afterAll(async () => {
  await db.close();
  await server.drop();
});

/** A pool of one connection, so that the next statement meets whatever a failed transaction left behind. */
async function withOneConnection(work: (one: Database) => Promise<void>, queryTimeoutMs?: number): Promise<void> {
  const one = createDatabase({ url: server.url, poolSize: 1, applicationName: 'one', queryTimeoutMs });
  try {
    await work(one);
  } finally {
    await one.close();
  }
}
const sessionOf = async (one: Database): Promise<number> =>
  (await one.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]!.pid;

describe('the connection of a transaction', () => {
  it.each(['25006', '57P01', '53300', '57014', '40001', '26000', '0A000', '42501'])('is discarded after %s', async (code) => {
    await withOneConnection(async (one) => {
      const before = await sessionOf(one);
      const raise = `do $$ begin raise exception 'raised' using errcode = '${code}'; end $$`;
      await expect(one.transaction((query) => query(raise))).rejects.toMatchObject({ code });
      expect(await sessionOf(one)).not.toBe(before);
    });
  });

  it('is rolled back and reused after a fault of the statement or of the work', async () => {
    await withOneConnection(async (one) => {
      const before = await sessionOf(one);
      const failing = (fail: () => Promise<unknown>): Promise<unknown> =>
        one.transaction(async (query) => {
          await query('create table made (id integer)');
          await fail();
        });
      await expect(failing(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
      await expect(one.transaction((query) => query('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
      expect(await sessionOf(one)).toBe(before);
      expect(await one.query(`select to_regclass('made') as made`)).toEqual([{ made: null }]);
    });
  });

  it.each<[string, (one: Database) => Promise<unknown>]>([
    ['a transaction', (one) => one.transaction((query) => query('update held set number = 0'))],
    ['a single statement', (one) => one.query('update held set number = 0')],
  ])('does not stay on a demoted server: %s', async (_name, write) => {
    const name = decodeURIComponent(new URL(server.url).pathname.slice(1));
    await db.query(`alter database "${name}" set default_transaction_read_only = on`);
    await withOneConnection(async (one) => {
      await sessionOf(one);
      await db.query(`alter database "${name}" reset default_transaction_read_only`);
      await expect(write(one)).rejects.toMatchObject({ code: '25006' });
      await write(one);
    });
  });

  it('is closed without a rollback if an answer does not come', async () => {
    const proxy = await startSilentProxy(server.url, 'number + 1');
    const one = createDatabase({ url: proxy.url, poolSize: 1, applicationName: 'silent', queryTimeoutMs: 200 });
    try {
      await expect(one.transaction((query) => query('update held set number = number + 1'))).rejects.toThrow(
        'Query read timeout',
      );
      await proxy.clientClosed;
      expect(proxy.swallowed().toLowerCase()).not.toContain('rollback');
    } finally {
      await one.close();
      await proxy.close();
    }
  });
});

describe('a process that is frozen inside a transaction', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orderly-frozen-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('loses its locks within seconds, and does its work once after it is woken', async () => {
    await db.query('update held set number = 0');
    const outfile = join(folder, 'add-one.cjs');
    buildSync({
      entryPoints: [join(__dirname, 'fixtures/add-one.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['pg-native'],
      logLevel: 'error',
    });
    const child = spawn(process.execPath, [outfile], { env: { PATH: process.env.PATH, DATABASE_URL: server.url } });
    try {
      let output = '';
      child.stdout.on('data', (text: Buffer) => (output += text.toString()));
      await eventually(() => expect(output).toContain('locked'), { timeoutMs: 20_000 });
      child.kill('SIGSTOP');
      await db.query('update held set number = number + 1');
      child.kill('SIGCONT');
      await once(child, 'close');
      expect(output).toMatch(/^locked\n.*(idle-in-transaction|terminated|not queryable).*\nadded\n$/);
      expect(await db.query('select number from held')).toEqual([{ number: 2 }]);
    } finally {
      child.kill('SIGKILL');
    }
  }, 40_000);
});

describe('a statement that takes too long', () => {
  it('is ended by the server before its caller gives up, alone and in a transaction', async () => {
    // The server ends it 400 ms before the client would.
    const queryTimeoutMs = 4000;
    const sleeps: readonly ((one: Database) => Promise<unknown>)[] = [
      (one) => one.query('select pg_sleep(600)'),
      (one) => one.transaction((query) => query('select pg_sleep(600)')),
    ];
    const ended = (sleep: (one: Database) => Promise<unknown>): Promise<void> =>
      withOneConnection((one) => expect(sleep(one)).rejects.toMatchObject({ code: '57014' }), queryTimeoutMs);
    await Promise.all(sleeps.map(ended));
    await eventually(async () =>
      expect(await db.query(`select from pg_stat_activity where application_name = 'one' and state = 'active'`)).toEqual([]),
    );
  }, 20_000);
});

/** A proxy for PostgreSQL that stops forwarding when the client sends this text. */
async function startSilentProxy(target: string, text: string) {
  const { hostname, port } = new URL(target);
  const closed = Promise.withResolvers<void>();
  let isSilent = false;
  let swallowed = '';
  const proxy = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    client.on('data', (data) => {
      isSilent ||= data.includes(text);
      if (isSilent) swallowed += data.toString('latin1');
      else upstream.write(data);
    });
    upstream.on('data', (data) => void client.write(data));
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('close', () => {
      upstream.destroy();
      closed.resolve();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = Object.assign(new URL(target), { host: `127.0.0.1:${(proxy.address() as AddressInfo).port}` });
  return {
    url: url.href,
    swallowed: () => swallowed,
    clientClosed: closed.promise,
    close: () => new Promise<void>((resolve) => proxy.close(() => resolve())),
  };
}
