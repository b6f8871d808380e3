import { globSync } from 'node:fs';
import { join } from 'node:path';

export type TestRun = {
  rootDir: string;
  /** Jest does not pass its chosen projects and files to the global setup, so they are read from the command line. */
  commandLine: string[];
  /** Whether a file matches the paths on the command line. */
  isSelected: (file: string) => boolean;
};

/** Whether a run includes a file that needs PostgreSQL or Redis. A run of pure tests starts no servers, so it stays fast. */
export function runNeedsServers(
  { rootDir, commandLine, isSelected }: TestRun,
  files: string[] = globSync('{apps,libs,tools}/**/*.int-spec.ts', { cwd: rootDir, exclude: (name) => name === 'node_modules' }),
): boolean {
  const projects = namedProjects(commandLine);
  if (projects.length > 0 && !projects.includes('integration')) return false;
  return files.some((file) => isSelected(join(rootDir, file)));
}

// Reads `--selectProjects a b` and `--selectProjects=a`. Jest takes all words up to the next option as names.
function namedProjects(commandLine: string[]): string[] {
  return commandLine.flatMap((word, index) => {
    if (word.startsWith('--selectProjects=')) return [word.slice('--selectProjects='.length)];
    if (word !== '--selectProjects') return [];
    const rest = commandLine.slice(index + 1);
    const end = rest.findIndex((next) => next.startsWith('-'));
    return end === -1 ? rest : rest.slice(0, end);
  });
}
