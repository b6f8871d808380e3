import { Client } from 'pg';
import { createTestDatabase, freePort, startOtlpStub, testRedisUrl } from '../src/index';
import { Redis } from 'ioredis';

describe('the test kit', () => {
  it('creates a separate database per test from a template that is migrated once', async () => {
    let migrations = 0;
    const migrate = async (url: string): Promise<void> => {
      migrations += 1;
      await query(url, 'create table facts (id int)');
    };
    const [one, two] = await Promise.all([createTestDatabase(migrate, 'facts'), createTestDatabase(migrate, 'facts')]);
    await query(one.url, 'insert into facts values (1)');
    expect(await query(two.url, 'select * from facts')).toEqual([]);
    expect(migrations).toBe(1);
    await Promise.all([one.drop(), two.drop()]);
    await expect(query(one.url, 'select 1')).rejects.toThrow(/does not exist/);
  });

  it('runs a Redis that evicts nothing', async () => {
    const redis = new Redis(testRedisUrl());
    try {
      expect(await redis.info('memory')).toContain('maxmemory_policy:noeviction');
    } finally {
      redis.disconnect();
    }
  });

  it('collects spans with their service, attributes and links', async () => {
    const stub = await startOtlpStub();
    const span = {
      ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: '', name: 'process order-status', kind: 5 },
      ...{ status: { code: 2 }, attributes: [{ key: 'attempt', value: { intValue: '2' } }] },
    };
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'status-worker' } }] };
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'jobs' }, spans: [span] }] }] });
    await fetch(`${stub.url}/v1/traces`, { method: 'POST', body });
    expect(stub.spans()).toMatchObject([
      { service: 'status-worker', scope: 'jobs', kind: 5, status: { code: 2 }, attributes: { attempt: 2 }, links: [] },
    ]);
    expect(stub.spans()[0]?.parentSpanId).toBeUndefined();
    await stub.stop();
  });

  it('finds a free port', async () => {
    expect(await freePort()).toBeGreaterThan(0);
  });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
