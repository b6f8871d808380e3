import { startPostgres, startRedis, type Server } from '@orderly/servers';
import { randomBytes } from 'node:crypto';
import { runNeedsServers } from './run-needs-servers';

type GlobalConfig = {
  rootDir: string;
  testPathPatterns: { toExecutor(options: { rootDir: string }): { isMatch(file: string): boolean } };
};

/** The servers that the global teardown stops. Jest loads the two files separately, so they share a global variable. */
export const runningServers: { current: Server[] } = ((
  globalThis as { orderlyServers?: { current: Server[] } }
).orderlyServers ??= {
  current: [],
});

/** Starts the servers once, before the first test file. Starts none if only pure tests will run. */
export default async function startServers(config: GlobalConfig): Promise<void> {
  const { rootDir, testPathPatterns } = config;
  const patterns = testPathPatterns.toExecutor({ rootDir });
  if (!runNeedsServers({ rootDir, commandLine: process.argv, isSelected: (file) => patterns.isMatch(file) })) return;

  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const options = { environment: process.env, containers: 'first', isDurable: false, report } as const;
  const servers = await Promise.allSettled([startPostgres(options), startRedis(options)]);
  runningServers.current = servers.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const [postgres, redis] = servers;
  if (postgres.status === 'rejected' || redis.status === 'rejected') {
    await Promise.all(runningServers.current.map((server) => server.stop()));
    const failed = [postgres, redis].filter((result) => result.status === 'rejected');
    throw new Error(failed.map(({ reason }) => (reason as Error).message).join(' '));
  }
  report(`Tests run on ${postgres.value.description} and ${redis.value.description}`);
  process.env.TEST_DATABASE_URL = postgres.value.url;
  process.env.TEST_REDIS_URL = redis.value.url;
  process.env.TEST_DATABASE_PREFIX = `orderly_test_${randomBytes(4).toString('hex')}`;
}
