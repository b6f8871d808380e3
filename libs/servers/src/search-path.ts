import { accessSync, constants, globSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders of the PATH that hold every one of the programs, in order. */
export function foldersWith(programs: string[], environment: NodeJS.ProcessEnv, alsoIn: string[] = []): string[] {
  const folders = [
    ...(environment.PATH ?? '').split(delimiter).filter(Boolean),
    ...alsoIn.flatMap((pattern) => newestFirst(pattern)),
  ];
  return folders.filter((folder) => programs.every((program) => isExecutable(join(folder, program))));
}

/** Where a program really lies: some find their own files beside it. */
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
