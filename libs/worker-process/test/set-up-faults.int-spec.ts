import { createDatabase, type Database } from '@orderly/database';
import { skipped } from '@orderly/jobs';
import { migrate } from '@orderly/migrations';
import { createLogger } from '@orderly/observability';
import { createTestDatabase, eventually } from '@orderly/testing';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';
import { buildErpWorker } from './erp-worker';

const migrations = join(__dirname, '../../migrations/sql');

let fixture: WorkerFixture;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Database;
let name: string;
beforeAll(async () => void (fixture = await createWorkerFixture()));
afterAll(() => fixture.close());
beforeEach(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolSize: 1, applicationName: 'test' });
  name = decodeURIComponent(new URL(database.url).pathname.slice(1));
});
afterEach(async () => {
  await db.close();
  await database.drop();
});

/** Starts a worker that cannot use its database, and stops it after the work of the test. */
async function withWorker(
  url: string,
  work: (worker: { lines: string[]; started: Promise<string>; ready(): Promise<number> }) => Promise<void>,
) {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'erp-worker', level: 'warn', destination });
  const worker = buildErpWorker({ ...fixture.env, DATABASE_URL: url }, async () => skipped('nothing to do'), { logger });
  const started = worker.start().then(
    () => 'started',
    (error: unknown) => String(error),
  );
  try {
    await work({ lines, started, ready: async () => (await fetch(new URL('/readyz', worker.admin.address()))).status });
  } finally {
    await worker.stop();
  }
}

const role = (): string => `${name}_worker`;
const urlOf = (password: string): string => Object.assign(new URL(database.url), { username: role(), password }).href;

describe.each<[string, () => Promise<string>, RegExp, () => Promise<unknown>]>([
  [
    'a password that is wrong',
    async () => {
      await migrate(database.url, migrations);
      await db.query(`create role "${role()}" superuser login password 'right'`);
      return urlOf('wrong');
    },
    /PostgreSQL refuses DATABASE_URL \(password authentication failed for user .*\): correct the user and the password/,
    () => db.query(`alter role "${role()}" password 'wrong'`),
  ],
  [
    'a user without rights',
    async () => {
      await migrate(database.url, migrations);
      await db.query(`create role "${role()}" login password 'right'`);
      return urlOf('right');
    },
    /PostgreSQL refuses DATABASE_URL \(permission denied for table processes\): grant the right/,
    () => db.query(`alter role "${role()}" superuser`),
  ],
  [
    'a schema that is not migrated',
    async () => database.url,
    /The schema at DATABASE_URL is not up to date \(relation .*processes.* does not exist\): run migrate first/,
    () => migrate(database.url, migrations),
  ],
  [
    'a standby',
    async () => {
      await migrate(database.url, migrations);
      await db.query('select 1');
      await db.query(`alter database "${name}" set default_transaction_read_only = on`);
      return database.url;
    },
    /PostgreSQL at DATABASE_URL is read-only: give the address of the primary/,
    () => db.query(`alter database "${name}" reset default_transaction_read_only`),
  ],
])('a worker that starts with %s', (_name, setUp, line, correct) => {
  afterEach(() => db.query(`drop role if exists "${role()}"`));

  it('says so in one line, is alive but not ready, and starts after the correction', async () => {
    await withWorker(await setUp(), async ({ lines, started, ready }) => {
      await eventually(() => expect(lines).toHaveLength(1));
      expect(lines[0]).toMatch(line);
      expect(await ready()).toBe(503);
      await correct();
      expect(await started).toBe('started');
      await eventually(async () => expect(await ready()).toBe(200));
      expect(lines.filter((text) => line.test(text))).toHaveLength(1);
    });
  });
});

it('a worker that waits for a database that does not exist can be stopped', async () => {
  const url = Object.assign(new URL(database.url), { pathname: '/nowhere' }).href;
  let ended: Promise<string> | undefined;
  await withWorker(url, async ({ lines, started }) => {
    ended = started;
    await eventually(() => expect(lines.join('')).toContain('correct the name of the database, or create it'));
  });
  expect(await ended).toContain('ShutdownError');
});
