// npm start: installs, builds, and runs the local stack on the pinned Node. Arguments go to the stack (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, pinnedNode, workspaceRoot } from './install.mjs';

ensureInstalled();
ensureBuilt();

// In a session of its own, so that a Ctrl-C reaches it once, through us, and not again from the terminal and from npm; the
// channel tells it when we are gone without a word.
const stack = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/stack/main.cjs'), ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  detached: true,
});
// The script in package.json uses exec, so that npm's signals come to us and not to a shell that would die of them alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stack.kill(signal));
// A parent that was killed can pass nothing on. The pid of ours changes then, and nothing else tells.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && stack.connected && stack.disconnect(), 250).unref();
stack.on('exit', (code) => process.exit(code ?? 1));
