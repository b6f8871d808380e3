import { createTestDatabase, eventually, type TestDatabase } from '@orderly/testing';
import { join } from 'node:path';
import { createDatabase, type Database } from '@orderly/database';
import { createApiKey, createFindApiKey, createLastUse, revokeApiKey } from '../src/index';
import { migrate } from '@orderly/migrations';
import { listApiKeys } from '../src/index';
import { testActor } from '../src/testing';

const folder = join(__dirname, '../../migrations/sql');
let server: TestDatabase;
let db: Database;

beforeAll(async () => {
  server = await createTestDatabase((url) => migrate(url, folder));
  db = createDatabase({ url: server.url, poolSize: 4, applicationName: 'test' });
});
afterAll(async () => {
  await db.close();
  await server.drop();
});

describe('API keys', () => {
  it('are found with their scopes, and stored only as a hash', async () => {
    const { id, key } = await createApiKey(db, { name: 'shop', scopes: ['events:write', 'orders:read'] }, testActor);
    const found = await createFindApiKey(db)(key);
    expect(found).toMatchObject({ id, name: 'shop', scopes: ['events:write', 'orders:read'] });
    const rows = await db.query('select * from api_keys where id = $1', [id]);
    expect(JSON.stringify(rows)).not.toContain(key.split('_')[2]);
  });

  it('are refused with a wrong secret, and if they were never created', async () => {
    const { key } = await createApiKey(db, { name: 'shop', scopes: [] }, testActor);
    const find = createFindApiKey(db);
    const forged = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
    expect(await find(forged)).toBeUndefined();
    expect(await find(`orderly_00000000_${key.slice(-40)}`)).toBeUndefined();
    expect(await find('')).toBeUndefined();
  });

  it('are refused from the moment of their expiry, cached or not', async () => {
    let now = Date.now();
    const expiresAt = new Date(now + 1000);
    const { key } = await createApiKey(db, { name: 'short', scopes: ['ops:read'], expiresAt }, testActor);
    const find = createFindApiKey(db, { now: () => now });
    now = expiresAt.getTime() - 1;
    expect(await find(key)).toBeDefined();
    now = expiresAt.getTime();
    expect(await find(key)).toBeUndefined();
  });

  it('are refused after they are revoked, at the latest when their cache entry ends', async () => {
    let now = Date.now();
    const { id, key } = await createApiKey(db, { name: 'leaked', scopes: ['ops:read'] }, testActor);
    const find = createFindApiKey(db, { cacheMs: 5000, now: () => now });
    expect(await find(key)).toBeDefined();
    await revokeApiKey(db, id, { actor: testActor });
    now += 5000;
    expect(await find(key)).toBeUndefined();
  });

  it('are looked up again after a failure of the database', async () => {
    const { key } = await createApiKey(db, { name: 'shop', scopes: [] }, testActor);
    let isAway = true;
    const flaky: Database = { ...db, query: (...query) => (isAway ? Promise.reject(new Error('away')) : db.query(...query)) };
    const find = createFindApiKey(flaky);
    await expect(find(key)).rejects.toThrow('away');
    isAway = false;
    expect(await find(key)).toBeDefined();
  });
});

describe('guesses of keys', () => {
  /** Counts the statements and the keys that they look up. */
  const counted = (): { readonly db: Database; readonly asked: string[][] } => {
    const asked: string[][] = [];
    const query: Database['query'] = (text, values) => {
      asked.push(values?.[0] as string[]);
      return db.query(text, values);
    };
    return { db: { ...db, query }, asked };
  };
  const guess = (index: number): string => `orderly_${String(index).padStart(8, '0')}_${'x'.repeat(40)}`;

  it('share a statement if they arrive together, and run one statement at a time', async () => {
    const { db: counting, asked } = counted();
    const find = createFindApiKey(counting);
    const found = await Promise.all(Array.from({ length: 1000 }, (_, index) => find(guess(index))));
    expect(found.every((key) => key === undefined)).toBe(true);
    expect(asked).toHaveLength(5);
  });

  it('cost one look-up for the same key, so that requests do not pile up while the database is silent', async () => {
    const { key } = await createApiKey(db, { name: 'busy', scopes: [] }, testActor);
    const { db: counting, asked } = counted();
    const find = createFindApiKey(counting);
    const keys = [key, guess(1)];
    const found = await Promise.all(Array.from({ length: 1000 }, (_, index) => find(keys[index % 2]!)));
    expect(found.filter((one) => one !== undefined)).toHaveLength(500);
    expect(asked).toEqual([keys.map((one) => one.split('_')[1])]);
  });

  it('evict no key from the cache', async () => {
    const { key } = await createApiKey(db, { name: 'shop', scopes: [] }, testActor);
    const { db: counting, asked } = counted();
    const find = createFindApiKey(counting);
    await find(key);
    // One after the other, because guesses beyond the bound are refused without a look-up.
    for (let turn = 0; turn < 5; turn++)
      await Promise.all(Array.from({ length: 500 }, (_, index) => find(guess(500 * turn + index))));
    const before = asked.length;
    expect(await find(key)).toBeDefined();
    expect(asked).toHaveLength(before);
  });
});

describe('operators', () => {
  it('see each key with its state, limit and expiry, but without its secret', async () => {
    const now = new Date();
    const expiresAt = new Date(now.getTime() + 60_000);
    const { id, key } = await createApiKey(
      db,
      { name: 'listed', scopes: ['ops:read'], expiresAt, requestsPerMinute: 60 },
      testActor,
    );
    const record = async (at: Date) => (await listApiKeys(db, at)).find((one) => one.id === id);
    const prefix = key.slice(0, 16);
    expect(await record(now)).toEqual({
      ...{ id, name: 'listed', prefix, scopes: ['ops:read'], state: 'active', createdAt: expect.any(Date), expiresAt },
      ...{ revokedAt: null, lastUsedAt: null, requestsPerMinute: 60 },
    });
    expect(await record(expiresAt)).toMatchObject({ state: 'expired' });
    expect(await createFindApiKey(db)(key)).toMatchObject({ requestsPerMinute: 60 });
  });

  it.each([
    ['its id', (id: string) => id],
    ['its prefix', (_id: string, key: string) => key.split('_')[1]!],
    ['its visible start', (_id: string, key: string) => key.slice(0, 16)],
    ['the whole of it', (_id: string, key: string) => key],
  ])('revoke a key by %s, once, and the audit trail says who did what and why', async (_how, which) => {
    const { id, key } = await createApiKey(db, { name: 'leaked', scopes: ['ops:read'] }, testActor);
    const revocation = { actor: { ...testActor, name: 'cli ada' }, reason: 'in a public log' };
    const revoked = await revokeApiKey(db, which(id, key), revocation);
    expect(revoked).toMatchObject({ id, name: 'leaked' });
    expect(revoked?.changed).toBe(true);
    expect(await revokeApiKey(db, which(id, key), revocation)).toEqual({ ...revoked, changed: false });
    expect((await listApiKeys(db)).find((one) => one.id === id)).toMatchObject({
      state: 'revoked',
      revokedAt: revoked?.revokedAt,
    });

    const entries = await db.query('select action, actor, reason, detail from audit where subject = $1 order by id', [
      revoked?.prefix,
    ]);
    expect(entries).toEqual([
      { action: 'api-key.created', actor: 'test', reason: null, detail: { id, name: 'leaked', scopes: ['ops:read'] } },
      { action: 'api-key.revoked', actor: 'cli ada', reason: 'in a public log', detail: { id, name: 'leaked' } },
    ]);
    expect(JSON.stringify(entries)).not.toContain(key.split('_')[2]);
  });

  it('learn that a key does not exist', async () => {
    expect(await revokeApiKey(db, 'zzzzzzzz', { actor: testActor })).toBeUndefined();
    expect(await revokeApiKey(db, 'not a key', { actor: testActor })).toBeUndefined();
  });
});

describe('the last use of keys', () => {
  const createIds = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, async () => (await createApiKey(db, { name: 'used', scopes: [] }, testActor)).id));
  const lastUses = (ids: readonly string[]) =>
    db.query<{ at: Date | null }>('select last_used_at as at from api_keys where id = any($1)', [ids]);

  it('is written for all keys in one statement: soon for idle keys, after the interval for others, and at the stop', async () => {
    let statements = 0;
    const counting: Pick<Database, 'query'> = {
      query: (text, values) => {
        statements += 1;
        return db.query(text, values);
      },
    };
    const ids = await createIds(3);
    const lastUse = createLastUse(counting, { gatherMs: 50 });
    for (const id of [...ids, ...ids]) lastUse.note(id);
    await eventually(async () => expect((await lastUses(ids)).every(({ at }) => at !== null)).toBe(true));
    expect(statements).toBe(1);

    const [before] = await lastUses([ids[0]!]);
    const [other = ''] = await createIds(1);
    lastUse.note(ids[0]!);
    lastUse.note(other);
    await eventually(async () => expect(await lastUses([other])).not.toEqual([{ at: null }]));
    expect(await lastUses([ids[0]!])).toEqual([before]);
    expect(statements).toBe(2);
    await lastUse.stop();
    expect((await lastUses([ids[0]!]))[0]!.at!.getTime()).toBeGreaterThanOrEqual(before!.at!.getTime());
    expect(statements).toBe(3);
  });

  it('is remembered while the database is away, and never moves back', async () => {
    const [id] = await createIds(1);
    let isAway = true;
    const failures: unknown[] = [];
    const flaky: Pick<Database, 'query'> = {
      query: (...query) => (isAway ? Promise.reject(new Error('away')) : db.query(...query)),
    };
    const lastUse = createLastUse(flaky, { intervalMs: 10, gatherMs: 10, onError: (error) => failures.push(error) });
    lastUse.note(id!);
    await eventually(() => expect(failures.length).toBeGreaterThan(1));
    expect(await lastUses([id!])).toEqual([{ at: null }]);
    const later = new Date(Date.now() + 3_600_000);
    await db.query('update api_keys set last_used_at = $2 where id = $1', [id, later]);
    isAway = false;
    await lastUse.stop();
    expect(await lastUses([id!])).toEqual([{ at: later }]);
  });

  it('is ignored for a deleted key, and still written for the others', async () => {
    const [id] = await createIds(1);
    const lastUse = createLastUse(db);
    lastUse.note(id!);
    lastUse.note('018f0000-0000-7000-8000-000000000000');
    await lastUse.stop();
    expect((await lastUses([id!]))[0]!.at).not.toBeNull();
  });
});
