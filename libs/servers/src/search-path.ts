import { accessSync, constants, globSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Finds the folders of the PATH that contain all of the programs, in order.
 *
 * @param alsoIn - patterns of further folders; the matches of a pattern are tried from the newest version down
 */
export function foldersWith(programs: string[], environment: NodeJS.ProcessEnv, alsoIn: string[] = []): string[] {
  const folders = [
    ...(environment.PATH ?? '').split(delimiter).filter(Boolean),
    ...alsoIn.flatMap((pattern) => newestFirst(pattern)),
  ];
  return folders.filter((folder) => programs.every((program) => isExecutable(join(folder, program))));
}

/** Resolves the links to a program: some programs look for their files in their real folder. */
export const realPath = (folder: string, program: string): string => realpathSync(join(folder, program));

const newestFirst = (pattern: string): string[] =>
  globSync(pattern).sort((a, b) => b.localeCompare(a, undefined, { numeric: true }));

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
