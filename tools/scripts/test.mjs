// npm test: installs, builds the services that some tests start as processes, and runs Jest. Arguments are passed to Jest.
import { buildForTests, ensureInstalled, runPinned, workspaceRoot } from './install.mjs';

ensureInstalled();
buildForTests();

runPinned('node_modules/jest/bin/jest.js', process.argv.slice(2), {
  cwd: workspaceRoot,
  env: { ...process.env, NX_DAEMON: 'false' },
});
