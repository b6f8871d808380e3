import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type ServerFolder = {
  path: string;
  isTemporary: boolean;
  /** Removes the folder if it is temporary. */
  discard: () => void;
};

/** Creates the folder of a private server: `dataFolder`, which is kept, or a temporary one. */
export function openServerFolder(server: string, dataFolder: string | undefined): ServerFolder {
  const path = dataFolder ?? mkdtempSync(join(tmpdir(), `orderly-${server}-`));
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const isTemporary = dataFolder === undefined;
  return { path, isTemporary, discard: () => (isTemporary ? rmSync(path, { recursive: true, force: true }) : undefined) };
}
