import { globSync } from 'node:fs';
import { join } from 'node:path';

export type TestRun = {
  rootDir: string;
  /** Jest tells global set-up neither the projects nor the files that it has chosen: the command line does. */
  commandLine: string[];
  /** Whether a file matches the paths that were named on the command line. */
  isSelected: (file: string) => boolean;
};

/** Whether a run has a file that needs PostgreSQL or Redis, so that a run of pure tests stays fast. */
export function runNeedsServers(
  { rootDir, commandLine, isSelected }: TestRun,
  files: string[] = globSync('{apps,libs,tools}/**/*.int-spec.ts', { cwd: rootDir, exclude: (name) => name === 'node_modules' }),
): boolean {
  const projects = namedProjects(commandLine);
  if (projects.length > 0 && !projects.includes('integration')) return false;
  return files.some((file) => isSelected(join(rootDir, file)));
}

// Both `--selectProjects a b` and `--selectProjects=a`; Jest takes every word up to the next option as a name.
function namedProjects(commandLine: string[]): string[] {
  return commandLine.flatMap((word, index) => {
    if (word.startsWith('--selectProjects=')) return [word.slice('--selectProjects='.length)];
    if (word !== '--selectProjects') return [];
    const rest = commandLine.slice(index + 1);
    const end = rest.findIndex((next) => next.startsWith('-'));
    return end === -1 ? rest : rest.slice(0, end);
  });
}
