// npm run fuzz: installs, builds, and fuzzes every call of the API. Arguments are passed on (--help lists them).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { answerHelp } from './answer-help.mjs';
import { ensureInstalled, pinnedNode, runQuietly, workspaceRoot } from './install.mjs';

answerHelp('fuzz');
ensureInstalled();
runQuietly('Building', 'node_modules/nx/dist/bin/nx.js', ['run-many', '-t', 'build', '--outputStyle=static']);

const fuzz = spawn(pinnedNode, [join(workspaceRoot, 'dist/tools/fuzz/main.cjs'), ...process.argv.slice(2)], { stdio: 'inherit' });
// The terminal sends Ctrl-C to the child as well; this process only waits for it to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => fuzz.kill('SIGTERM'));
fuzz.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
