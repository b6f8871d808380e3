// Installs the packages of package-lock.json and builds the workspace, if needed. Runs before anything is installed, so it may use only
// Node's own modules.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeTurn } from './take-turn.mjs';

export const workspaceRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

// Not in node_modules, which npm ci deletes.
const turns = join(workspaceRoot, '.nx', 'turns');

/** The Node that the services run on, independent of the Node that runs npm. */
export const pinnedNode = join(workspaceRoot, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

// Checked on import, before a script calls a function that an older Node does not have.
if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Orderly needs Node 20 or newer, but this is Node ${process.versions.node}. Install a newer Node.`);

/** Installs the packages if needed. Ends the process with a one-line message if that fails. */
export function ensureInstalled() {
  if (!isInstalled()) takeTurn(turns, 'installing', () => isInstalled() || install());
}

function install() {
  const isTerminal = process.stderr.isTTY;
  process.stderr.write(`Installing packages${isTerminal ? '' : ', which takes a minute'} …\n`);
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  // npm's warnings concern the Node that runs npm, but the services run on the pinned one.
  const quiet = ['--loglevel=error', ...(isTerminal ? [] : ['--progress=false'])];
  const [command, ...args] = [...npm, 'ci', '--no-audit', '--no-fund', ...quiet];
  const { status, error } = spawnSync(command, args, {
    cwd: workspaceRoot,
    stdio: ['ignore', isTerminal ? 'inherit' : 'ignore', 'inherit'],
  });
  if (error || status !== 0) fail(error ? `npm ci failed: ${error.message}` : 'npm ci failed, see above.');
}

/**
 * Builds one project or all of them, unless nothing has changed since the last build. Asking Nx would take seconds on a busy machine.
 * Ends the process if the build fails.
 */
export function ensureBuilt(project = 'all') {
  const isDone = () => isBuilt('all') || isBuilt(project);
  if (!isDone()) takeTurn(turns, 'building', () => isDone() || build(project));
}

function build(project) {
  const what = project === 'all' ? ['run-many', '-t', 'build'] : ['run', `@orderly/${project}:build`];
  runQuietly('Building', 'node_modules/nx/dist/bin/nx.js', [...what, '--outputStyle=static']);
  const state = stateOfBuild(project);
  if (state !== undefined) writeFileSync(stampOf(project), state);
}

/** Runs Nx even if nothing has changed, because its cache also knows what a test needs. */
export function buildForTests() {
  takeTurn(turns, 'building', () =>
    runQuietly('Building the services', 'node_modules/nx/dist/bin/nx.js', ['run-many', '-t', 'build', '--outputStyle=static']),
  );
}

/** Runs a program on the pinned Node in this terminal. This process ends with the program's exit status. */
export function runPinned(script, args = process.argv.slice(2), options = {}) {
  const program = spawn(pinnedNode, [join(workspaceRoot, script), ...args], { stdio: 'inherit', ...options });
  // The terminal sends Ctrl-C to the program as well; this process only waits for it to end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => program.kill('SIGTERM'));
  program.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/** Runs a program on the pinned Node. If it fails, prints its output and ends this process; otherwise its output is dropped. */
export function runQuietly(title, script, args, environment = {}) {
  process.stderr.write(`${title} …\n`);
  const { status, stdout, stderr } = spawnSync(pinnedNode, [join(workspaceRoot, script), ...args], {
    cwd: workspaceRoot,
    env: { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: '0', ...environment },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}\n`);
  fail(`${title} failed, see above.`);
}

// npm records the installed packages when it has finished. Optional packages for other platforms are missing there.
function isInstalled() {
  const installed = packagesOf(join(workspaceRoot, 'node_modules', '.package-lock.json'));
  if (!installed || !existsSync(pinnedNode)) return false;
  const wanted = packagesOf(join(workspaceRoot, 'package-lock.json'));
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (link) return existsSync(join(workspaceRoot, path));
    return found ? found.version === version : Boolean(optional);
  });
}

const stampOf = (project) => join(workspaceRoot, 'dist', `built-${project}.sha256`);
const isBuilt = (project) => existsSync(stampOf(project)) && readFileSync(stampOf(project), 'utf8') === stateOfBuild(project);

// A hash over path, size and time of every source and of the project's own bundles. The build of another project does not change it.
function stateOfBuild(project) {
  const state = createHash('sha256');
  const files = ['package-lock.json', 'tsconfig.base.json', 'nx.json'];
  try {
    const bundles = ['dist/apps', 'dist/tools'].flatMap((folder) => (project === 'all' ? folder : join(folder, project)));
    for (const folder of ['apps', 'libs', 'tools', ...bundles.filter((path) => existsSync(join(workspaceRoot, path)))]) {
      const paths = readdirSync(join(workspaceRoot, folder), { recursive: true }).sort();
      files.push(...paths.filter((path) => !path.split(sep).includes('test')).map((path) => join(folder, path)));
    }
    for (const file of files) {
      const { size, mtimeMs } = statSync(join(workspaceRoot, file));
      state.update(`${file} ${size} ${mtimeMs}\n`);
    }
  } catch {
    return undefined; // nothing is built yet, or another build is running
  }
  return state.digest('hex');
}

function packagesOf(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : undefined;
}

function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureInstalled();
