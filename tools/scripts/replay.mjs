// npm run replay: installs, builds, and sends a file of events on the pinned Node. Arguments are passed on (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { answerHelp } from './answer-help.mjs';
import { ensureBuilt, ensureInstalled, pinnedNode, workspaceRoot } from './install.mjs';

answerHelp('replay');
ensureInstalled();
ensureBuilt('replay');

const replay = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/replay/main.cjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  // npm runs scripts in the workspace root, but the user gives paths relative to their own folder.
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
// The terminal sends Ctrl-C to the child as well; this process only waits for it to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => replay.kill('SIGTERM'));
replay.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
