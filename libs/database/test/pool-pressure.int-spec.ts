import { createTestDatabase, eventually, type TestDatabase } from '@orderly/testing';
import { createDatabase, watchPool } from '../src/index';

let server: TestDatabase;
beforeAll(async () => {
  server = await createTestDatabase();
});
afterAll(() => server.drop());

describe('the pressure on a pool', () => {
  it('counts waiting queries and transactions, and how long the first of them has waited', async () => {
    const db = createDatabase({ url: server.url, poolSize: 1, applicationName: 'test' });
    const pressure = watchPool(db);
    expect(pressure()).toEqual({ waiting: 0, longestWaitMs: 0 });

    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let isHeld = false;
    const holding = db.transaction(async () => {
      isHeld = true;
      await held;
    });
    await eventually(() => expect(isHeld).toBe(true));
    expect(pressure().waiting).toBe(0);

    const waiting = [db.query('select 1'), db.transaction((query) => query('select 2')), db.query('select 3')];
    expect(pressure().waiting).toBe(3);
    await eventually(() => expect(pressure().longestWaitMs).toBeGreaterThan(20));
    release();
    expect(await Promise.all([holding, ...waiting])).toHaveLength(4);
    expect(pressure()).toEqual({ waiting: 0, longestWaitMs: 0 });
    await db.close();
  });

  it('ignores callers that gave up', async () => {
    const url = new URL(server.url);
    url.port = '1';
    const db = createDatabase({ url: url.href, poolSize: 1, applicationName: 'test' });
    const pressure = watchPool(db);
    await expect(db.query('select 1')).rejects.toThrow();
    await expect(db.transaction((query) => query('select 1'))).rejects.toThrow();
    expect(pressure().waiting).toBe(0);
    await db.close();
  });
});
