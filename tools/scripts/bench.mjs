// npm run bench: installs, builds, and runs one measurement on the pinned Node. Arguments are passed on (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, pinnedNode, workspaceRoot } from './install.mjs';

ensureInstalled();
ensureBuilt();

const bench = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/bench/main.cjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The terminal sends Ctrl-C to the child as well; this process only waits for it to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => bench.kill('SIGTERM'));
bench.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
