// npm run dead-letters, settle and resync: installs, builds, and runs the gateway's command of that name, which calls the HTTP API.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, pinnedNode, workspaceRoot } from './install.mjs';

ensureInstalled();
ensureBuilt('api-gateway');

const command = spawn(pinnedNode, [join(workspaceRoot, 'dist/apps/api-gateway/main.cjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The terminal sends Ctrl-C to the child as well; this process only waits for it to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => command.kill('SIGTERM'));
command.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
