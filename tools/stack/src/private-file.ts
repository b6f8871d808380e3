import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes JSON whole or not at all, so that nobody reads half of it; only for its owner, as it holds secrets. */
export function writePrivateFile(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}.tmp`;
  // A file or a link that is there already would keep its own mode, or lead elsewhere.
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(unfinished, file);
}

/** What JSON a file holds; undefined without a file, or with one that is no JSON. */
export function readPrivateFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
