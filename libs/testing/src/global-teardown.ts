import { runningServers } from './global-setup';
import { dropTestDatabases } from './test-database';

/** Stops what {@link startServers} started; on a server from the environment it removes what the run made there. */
export default async function stopServers(): Promise<void> {
  if (runningServers.current.some((server) => server.source === 'environment')) await dropTestDatabases();
  await Promise.all(runningServers.current.map((server) => server.stop()));
}
