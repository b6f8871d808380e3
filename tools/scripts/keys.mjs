// npm run keys: installs, builds, and makes, lists or revokes API keys, in DATABASE_URL or in the database that npm start runs on.
// --data-dir names the folder of an npm start that has one; every other argument goes to the gateway's command (--help lists them).
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureBuilt, ensureInstalled, pinnedNode, workspaceRoot } from './install.mjs';

// npm runs scripts in the workspace's root; a folder is named from where its user is.
const here = process.env.INIT_CWD ?? process.cwd();
const { dataFolder, args } = parse(process.argv.slice(2));
const isQuestion = args.length === 0 || args.includes('--help') || args.includes('-h');
const databaseUrl = process.env.DATABASE_URL || (isQuestion ? undefined : urlOfStack(dataFolder));

ensureInstalled();
ensureBuilt('api-gateway');

const keys = spawn(pinnedNode, [join(workspaceRoot, 'dist/apps/api-gateway/main.cjs'), 'keys', ...args], {
  stdio: 'inherit',
  env: { ...process.env, ORDERLY_KEYS_CALLED_AS: 'npm run keys --', ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
});
keys.on('exit', (code) => process.exit(code ?? 1));

function parse(given) {
  const at = given.findIndex((text) => text === '--data-dir' || text.startsWith('--data-dir='));
  if (at < 0) return { args: given };
  const [, inPlace] = given[at].split(/=(.*)/s);
  const folder = inPlace ?? given[at + 1];
  if (!folder) fail('--data-dir takes the folder that npm start was given.');
  return { dataFolder: resolve(here, folder), args: given.toSpliced(at, inPlace === undefined ? 2 : 1) };
}

/** The database of the npm start that runs in a folder, or of the only one that runs in a temporary one. */
function urlOfStack(folder) {
  const folders = folder === undefined ? temporaryFolders() : [folder];
  const running = folders.map(stackIn).filter((stack) => stack !== undefined);
  if (running.length === 1) return running[0].databaseUrl;
  if (running.length > 1) {
    const list = folders.map((path, index) => `  ${path}  ${running[index].gateway ?? ''}`.trimEnd());
    fail(`More than one npm start runs: name one with --data-dir, of\n${list.join('\n')}`);
  }
  fail(
    folder === undefined
      ? 'Set DATABASE_URL, or run npm start; if it was given a --data-dir, give the same one.'
      : `No npm start runs in ${folder}.`,
  );
}

function temporaryFolders() {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith('orderly-'))
    .map((name) => join(tmpdir(), name))
    .filter((folder) => stackIn(folder) !== undefined);
}

// The folder for temporary files is everybody's: what another user has put there is not believed.
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
