// npm run bench: installs, builds, and runs one measurement on the pinned Node. Arguments are passed on (--help lists them).
import { answerHelp } from './answer-help.mjs';
import { ensureBuilt, ensureInstalled, runPinned } from './install.mjs';

answerHelp('bench');
ensureInstalled();
ensureBuilt();
runPinned('dist/tools/bench/main.cjs');
