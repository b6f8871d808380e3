import { createDatabase } from '@orderly/database';
import { migrate } from '@orderly/migrations';
import { createLogger } from '@orderly/observability';
import { createTestDatabase, testRedisUrl } from '@orderly/testing';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { join } from 'node:path';
import { buildApp, type CleanupCronDeps } from '../src/app';
import { loadCleanupCronConfig } from '../src/config';

const migrations = join(__dirname, '../../../libs/migrations/sql');
const logger = createLogger({ service: 'cleanup-cron', level: 'silent' });

type CleanupRunRow = {
  task: string;
  scheduled_for: Date;
  state: string;
  started_at: Date | null;
  ended_at: Date | null;
  rows: number;
  bytes: number;
  detail: object;
};

/** Creates a database and a prefix in Redis, on which a test can start several processes. */
export async function setUp() {
  const server = await createTestDatabase((url) => migrate(url, migrations));
  const db = createDatabase({ url: server.url, poolSize: 4, applicationName: 'test' });
  const redis = new Redis(testRedisUrl());
  const prefix = `test-${randomUUID()}`;
  const started: { stop(): Promise<void> }[] = [];
  const env = {
    DATABASE_URL: server.url,
    REDIS_URL: testRedisUrl(),
    ORDERLY_QUEUE_PREFIX: prefix,
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
  };

  /** Removes the keys of this test only, as FLUSHALL would for a whole server. */
  const emptyRedis = async (): Promise<void> => {
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.unlink(keys);
  };
  return {
    db,
    env,
    emptyRedis,
    schedulesInRedis: async () => (await redis.zrange(`${prefix}:maintenance-ticks:repeat`, '0', '-1')).toSorted(),
    runs: () => db.query<CleanupRunRow>('select * from cleanup_runs order by scheduled_for, task'),
    /** The states of the connections whose application name has this prefix. */
    async statements(applicationName: string): Promise<string[]> {
      const rows = await db.query<{ state: string }>(
        'select state from pg_stat_activity where datname = current_database() and starts_with(application_name, $1)',
        [applicationName],
      );
      return rows.map(({ state }) => state);
    },
    async startProcess(deps: Partial<CleanupCronDeps> = {}, more: Record<string, string> = {}) {
      const app = buildApp(loadCleanupCronConfig({ ...env, ...more }), { logger, metricsText: async () => '', ...deps });
      started.push(app);
      await app.start();
      return app;
    },
    async close() {
      await Promise.all(started.map((app) => app.stop()));
      await emptyRedis();
      redis.disconnect();
      await db.close();
      await server.drop();
    },
  };
}

export type Setup = Awaited<ReturnType<typeof setUp>>;
