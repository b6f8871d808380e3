import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type DataFolder = {
  path: string;
  /** Undefined for a temporary one: each server then makes and removes its own. */
  keptFor: (server: string) => string | undefined;
  /** Gives the folder back, and removes it if it is temporary. */
  close: () => void;
};

/**
 * Opens the folder that the stack keeps its data and logs in.
 * @throws Error with one line when another stack uses it.
 */
export function openDataFolder(chosen: string | undefined): DataFolder {
  if (chosen === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'orderly-'));
    return { path, keptFor: () => undefined, close: () => rmSync(path, { recursive: true, force: true }) };
  }
  mkdirSync(chosen, { recursive: true });
  const lock = join(chosen, 'stack.pid');
  const owner = readPid(lock);
  if (owner !== undefined && isAlive(owner)) throw new Error(`${chosen} is in use by another npm start (process ${owner}).`);
  writeFileSync(lock, String(process.pid));
  return { path: chosen, keptFor: (server) => join(chosen, server), close: () => rmSync(lock, { force: true }) };
}

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
