// npm test: installs, builds the services that some tests start as processes, and runs Jest. Arguments are passed to Jest.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, runQuietly, workspaceRoot } from './install.mjs';

ensureInstalled();
runQuietly('Building the services', 'node_modules/nx/dist/bin/nx.js', ['run-many', '-t', 'build', '--outputStyle=static']);

const jest = spawn(pinnedNode, [join(workspaceRoot, 'node_modules/jest/bin/jest.js'), ...process.argv.slice(2)], {
  cwd: workspaceRoot,
  stdio: 'inherit',
  env: { ...process.env, NX_DAEMON: 'false' },
});
// The terminal sends Ctrl-C to the child as well; this process only waits for it to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => jest.kill('SIGTERM'));
jest.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
