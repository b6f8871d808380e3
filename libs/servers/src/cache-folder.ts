import { lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where programs are kept that were downloaded or unpacked once; nobody else may write there. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const home = environment.XDG_CACHE_HOME ?? join(environment.HOME ?? homedir(), '.cache');
  const folder = join(home, 'orderly');
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return temporaryCacheFolder(); // users such as nobody have no home
  }
}

// Programs are run from it, and anybody may make folders in the place for temporary files: one of somebody else is refused.
function temporaryCacheFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `orderly-cache-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = lstatSync(folder);
  if (owner !== uid || (mode & 0o022) !== 0) throw new Error(`${folder} belongs to somebody else`);
  return folder;
}
