// npm run keys: installs, builds, and creates, lists or revokes API keys, in DATABASE_URL or in the database of a running npm start.
// --data-dir names the folder of that npm start; all other arguments are passed to the gateway's command (--help lists them).
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { answerHelp } from './answer-help.mjs';
import { ensureBuilt, ensureInstalled, runPinned } from './install.mjs';

answerHelp('keys');

// npm runs scripts in the workspace root, but the user gives paths relative to their own folder.
const here = process.env.INIT_CWD ?? process.cwd();
const { dataFolder, args } = parse(process.argv.slice(2));
const isQuestion = args.length === 0 || args.includes('--help') || args.includes('-h');
const databaseUrl = process.env.DATABASE_URL || (isQuestion ? undefined : urlOfStack(dataFolder));

ensureInstalled();
ensureBuilt('api-gateway');

runPinned('dist/apps/api-gateway/main.cjs', ['keys', ...args], {
  env: { ...process.env, ORDERLY_KEYS_CALLED_AS: 'npm run keys --', ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
});

function parse(given) {
  const at = given.findIndex((text) => text === '--data-dir' || text.startsWith('--data-dir='));
  if (at < 0) return { args: given };
  const [, inPlace] = given[at].split(/=(.*)/s);
  const folder = inPlace ?? given[at + 1];
  if (!folder) fail('--data-dir needs the folder of the running npm start.');
  return { dataFolder: resolve(here, folder), args: given.toSpliced(at, inPlace === undefined ? 2 : 1) };
}

/** The database of the npm start in the given folder, or of the only one in a temporary folder. */
function urlOfStack(folder) {
  const folders = folder === undefined ? temporaryFolders() : [folder];
  const running = folders.map(stackIn).filter((stack) => stack !== undefined);
  if (running.length === 1) return running[0].databaseUrl;
  if (running.length > 1) {
    const list = folders.map((path, index) => `  ${path}  ${running[index].gateway ?? ''}`.trimEnd());
    fail(`More than one npm start is running. Choose one with --data-dir:\n${list.join('\n')}`);
  }
  fail(
    folder === undefined
      ? 'Set DATABASE_URL or run npm start. If npm start runs with --data-dir, pass the same --data-dir.'
      : `No npm start is running in ${folder}.`,
  );
}

function temporaryFolders() {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith('orderly-'))
    .map((name) => join(tmpdir(), name))
    .filter((folder) => stackIn(folder) !== undefined);
}

// Anyone can write to the folder for temporary files, so files of other users are ignored.
function stackIn(folder) {
  try {
    const file = join(folder, 'stack.json');
    if (!existsSync(file) || (process.getuid && statSync(file).uid !== process.getuid())) return undefined;
    const stack = JSON.parse(readFileSync(file, 'utf8'));
    process.kill(stack.pid, 0);
    return stack;
  } catch {
    return undefined;
  }
}

function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
