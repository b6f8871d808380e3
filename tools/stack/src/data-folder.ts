import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writePrivateFile } from './private-file';

export type DataFolder = {
  path: string;
  /** A temporary folder is deleted by `close`. */
  isTemporary: boolean;
  /** The folder of a server. Undefined for a temporary folder: each server then creates and deletes its own. */
  keptFor: (server: string) => string | undefined;
  /** Writes the addresses of the stack to a file in the folder, for `npm run keys`. */
  tell: (stack: RunningStack) => void;
  /** Unlocks the folder, and deletes it if it is temporary. */
  close: () => void;
};

type RunningStack = { databaseUrl: string; gateway: string };

/**
 * Opens and locks the folder for data and logs of the stack.
 * @throws Error with a one-line message if another stack uses the folder, or if it cannot be a folder.
 */
export function openDataFolder(chosen: string | undefined): DataFolder {
  if (chosen === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'orderly-'));
    const close = (): void => rmSync(path, { recursive: true, force: true });
    return { path, isTemporary: true, keptFor: () => undefined, tell: (stack) => tell(path, stack), close };
  }
  makeFolder(chosen);
  const lock = join(chosen, 'stack.pid');
  const owner = readPid(lock);
  if (owner !== undefined && isAlive(owner)) throw new Error(`${chosen} is in use by another npm start (process ${owner}).`);
  writeFileSync(lock, String(process.pid));
  return {
    path: chosen,
    isTemporary: false,
    keptFor: (server) => join(chosen, server),
    tell: (stack) => tell(chosen, stack),
    close: () => [lock, join(chosen, stackFile)].forEach((file) => rmSync(file, { force: true })),
  };
}

// Not mkdir with `recursive`: in a file system that answers ENOENT for every new folder, such as /proc, Node repeats it for ever.
function makeFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw new Error(`--data-dir must be a folder; ${folder} is a file.`);
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new Error(`--data-dir: ${folder} cannot be made: ${message}`, { cause: error });
  }
}

/** Read by tools/scripts/keys.mjs. */
const stackFile = 'stack.json';
const tell = (folder: string, stack: RunningStack): void =>
  writePrivateFile(join(folder, stackFile), { pid: process.pid, ...stack });

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
