// npm run replay: installs, builds, and sends a file of events on the pinned Node. Arguments are passed on (--help lists them).
import { answerHelp } from './answer-help.mjs';
import { ensureBuilt, ensureInstalled, runPinned } from './install.mjs';

answerHelp('replay');
ensureInstalled();
ensureBuilt('replay');
// npm runs scripts in the workspace root, but the user gives paths relative to their own folder.
runPinned('dist/tools/replay/main.cjs', process.argv.slice(2), { cwd: process.env.INIT_CWD ?? process.cwd() });
