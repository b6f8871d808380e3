import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes JSON atomically, so that no reader sees half of it. Only the owner can read it, because it contains secrets. */
export function writePrivateFile(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}.tmp`;
  // An existing file would keep its mode, and an existing link would redirect the secrets.
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(unfinished, file);
}

/** The JSON in a file; undefined if there is no file or it is not JSON. */
export function readPrivateFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
