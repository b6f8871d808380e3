// npm run fuzz: installs, builds, and tries every call of the API. Arguments go to the fuzz run (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, runQuietly, workspaceRoot } from './install.mjs';

ensureInstalled();
runQuietly('Building', 'node_modules/nx/dist/bin/nx.js', ['run-many', '-t', 'build', '--outputStyle=static']);

const fuzz = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/fuzz/main.cjs'), ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal's Ctrl-C reaches the run by itself; this process only has to outlive it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => fuzz.kill('SIGTERM'));
fuzz.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
