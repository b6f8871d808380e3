// npm start: installs, builds, and runs the local stack on the pinned Node. Arguments are passed on (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { answerHelp } from './answer-help.mjs';
import { ensureBuilt, ensureInstalled, pinnedNode, workspaceRoot } from './install.mjs';

answerHelp('start');
ensureInstalled();
ensureBuilt();

// The stack runs in its own session, so that Ctrl-C reaches it once, through this process, and not also from the terminal and from
// npm. The IPC channel closes if this process is killed.
const stack = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/stack/main.cjs'), ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  detached: true,
});
// The script in package.json uses exec, so that npm's signals reach this process instead of a shell, which would die without
// passing them on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stack.kill(signal));
// A killed parent cannot pass signals on. A changed parent pid is the only sign.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && stack.connected && stack.disconnect(), 250).unref();
stack.on('exit', (code) => process.exit(code ?? 1));
