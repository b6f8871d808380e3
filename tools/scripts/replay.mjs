// npm run replay: installs, builds, and sends a file of events on the pinned Node. Arguments go to the replay (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, pinnedNode, workspaceRoot } from './install.mjs';

ensureInstalled();
ensureBuilt('replay');

const replay = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/replay/main.cjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  // npm runs scripts in the workspace's root; a file is named from where its user is.
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
// A terminal's Ctrl-C reaches the replay by itself; this process only has to outlive it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => replay.kill('SIGTERM'));
replay.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
