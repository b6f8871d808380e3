import { describeFailure } from '@orderly/runtime';
import { createTestDatabase, freePort } from '@orderly/testing';
import { join } from 'node:path';
import { createKey } from '../src/commands/create-key';
import { listKeys } from '../src/commands/list-keys';
import { migrateDatabase } from '../src/commands/migrate-database';
import { revokeKey } from '../src/commands/revoke-key';

const migrations = join(__dirname, '../../../libs/migrations/sql');

let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The URL of the database with one mistake. */
const urlWith = (change: Partial<Record<'username' | 'password' | 'pathname' | 'port', string>>): string =>
  Object.assign(new URL(database.url), change).href;

const keyCommands = {
  create: (DATABASE_URL: string) => createKey({ DATABASE_URL }, { name: 'shop', scopes: 'ops:read' }),
  list: (DATABASE_URL: string) => listKeys({ DATABASE_URL }, {}),
  revoke: (DATABASE_URL: string) => revokeKey({ DATABASE_URL }, 'orderly_12345678', {}, 'keys list'),
};
const allCommands = {
  ...keyCommands,
  migrate: (DATABASE_URL: string) => migrateDatabase({ DATABASE_URL }, migrations),
};

const words = (work: Promise<void>): Promise<string> => work.then(() => 'done', describeFailure);

describe.each(Object.entries(allCommands))('the command %s', (_name, run) => {
  it('says in one line that the server does not answer', async () => {
    const url = urlWith({ port: String(await freePort()) });
    expect(await words(run(url))).toMatch(
      /^database-unavailable: PostgreSQL does not answer at DATABASE_URL \(connect ECONNREFUSED [^)]*\): check that it runs, /,
    );
  });

  it('says in one line that the database does not exist', async () => {
    expect(await words(run(urlWith({ pathname: '/nowhere' })))).toMatch(
      /^configuration-invalid: PostgreSQL refuses DATABASE_URL \(database "nowhere" does not exist\): correct the name /,
    );
  });

  it('says in one line that the user is refused, without the password', async () => {
    const told = await words(run(urlWith({ username: 'nobody-here', password: 'pa55word' })));
    expect(told).toMatch(
      /^configuration-invalid: PostgreSQL refuses DATABASE_URL \(.*nobody-here.*\): correct the user and the password/,
    );
    expect(told).not.toContain('pa55word');
  });
});

it.each(Object.entries(keyCommands))('the command keys %s says what to do if the schema is missing', async (_name, run) => {
  expect(await words(run(database.url))).toMatch(
    /^configuration-invalid: The schema at DATABASE_URL is not up to date \(.*\): run migrate first$/,
  );
});
