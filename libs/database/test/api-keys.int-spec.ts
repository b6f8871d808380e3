import { createTestDatabase, type TestDatabase } from '@orderly/testing';
import { join } from 'node:path';
import { createApiKey, createDatabase, createFindApiKey, migrate, type Database } from '../src';

const folder = join(__dirname, '../drizzle');
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
  it('are found with their scopes, and kept as a hash alone', async () => {
    const { id, key } = await createApiKey(db, { name: 'shop', scopes: ['events:write', 'orders:read'] });
    const found = await createFindApiKey(db)(key);
    expect(found).toMatchObject({ id, name: 'shop', scopes: ['events:write', 'orders:read'] });
    const rows = await db.query('select * from api_keys where id = $1', [id]);
    expect(JSON.stringify(rows)).not.toContain(key.split('_')[2]);
  });

  it('are refused with another secret, and when nobody made them', async () => {
    const { key } = await createApiKey(db, { name: 'shop', scopes: [] });
    const find = createFindApiKey(db);
    const forged = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
    expect(await find(forged)).toBeUndefined();
    expect(await find(`orderly_00000000_${key.slice(-40)}`)).toBeUndefined();
    expect(await find('')).toBeUndefined();
  });

  it('are refused from the moment of their expiry, cached or not', async () => {
    let now = Date.now();
    const expiresAt = new Date(now + 1000);
    const { key } = await createApiKey(db, { name: 'short', scopes: ['ops:read'], expiresAt });
    const find = createFindApiKey(db, { now: () => now });
    now = expiresAt.getTime() - 1;
    expect(await find(key)).toBeDefined();
    now = expiresAt.getTime();
    expect(await find(key)).toBeUndefined();
  });

  it('are refused at the latest when the cache is over, once they are revoked', async () => {
    let now = Date.now();
    const { id, key } = await createApiKey(db, { name: 'leaked', scopes: ['ops:read'] });
    const find = createFindApiKey(db, { cacheMs: 5000, now: () => now });
    expect(await find(key)).toBeDefined();
    await db.query('update api_keys set revoked_at = now() where id = $1', [id]);
    now += 5000;
    expect(await find(key)).toBeUndefined();
  });

  it('are asked for again after a failure of the database', async () => {
    const { key } = await createApiKey(db, { name: 'shop', scopes: [] });
    let isAway = true;
    const flaky: Database = { ...db, query: (...query) => (isAway ? Promise.reject(new Error('away')) : db.query(...query)) };
    const find = createFindApiKey(flaky);
    await expect(find(key)).rejects.toThrow('away');
    isAway = false;
    expect(await find(key)).toBeDefined();
  });
});
