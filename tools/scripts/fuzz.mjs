// npm run fuzz: installs, builds, and fuzzes every call of the API. Arguments are passed on (--help lists them).
import { answerHelp } from './answer-help.mjs';
import { ensureBuilt, ensureInstalled, runPinned } from './install.mjs';

answerHelp('fuzz');
ensureInstalled();
ensureBuilt();
runPinned('dist/tools/fuzz/main.cjs');
