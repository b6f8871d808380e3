// npm test: installs, builds the services that some tests start as processes, and runs Jest. Arguments are passed to Jest.
import { ensureInstalled, runPinned, runQuietly, workspaceRoot } from './install.mjs';

ensureInstalled();
runQuietly('Building the services', 'node_modules/nx/dist/bin/nx.js', ['run-many', '-t', 'build', '--outputStyle=static']);

runPinned('node_modules/jest/bin/jest.js', process.argv.slice(2), {
  cwd: workspaceRoot,
  env: { ...process.env, NX_DAEMON: 'false' },
});
