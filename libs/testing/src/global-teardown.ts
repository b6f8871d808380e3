import { runningServers } from './global-setup';
import { dropTestDatabases } from './test-database';

/** Stops the servers of the run. On a server from the environment it removes the databases that the run created. */
export default async function stopServers(): Promise<void> {
  if (runningServers.current.some((server) => server.source === 'environment')) await dropTestDatabases();
  await Promise.all(runningServers.current.map((server) => server.stop()));
}
