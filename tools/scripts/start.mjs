// npm start: installs, builds, and runs the local stack on the pinned Node. Arguments go to the stack (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, runQuietly, workspaceRoot } from './install.mjs';

ensureInstalled();
runQuietly('Building', 'node_modules/nx/dist/bin/nx.js', ['run-many', '-t', 'build', '--outputStyle=static']);

// In a session of its own, so that a Ctrl-C reaches it once, through us, and not again from the terminal and from npm; the
// channel tells it when we are gone without a word.
const stack = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/stack/main.cjs'), ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  detached: true,
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stack.kill(signal));
stack.on('exit', (code) => process.exit(code ?? 1));
