import { lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder for programs that were downloaded or unpacked. Other users must not be able to write there, because we run them. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const home = environment.XDG_CACHE_HOME ?? join(environment.HOME ?? homedir(), '.cache');
  const folder = join(home, 'orderly');
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return temporaryCacheFolder(); // some users, such as nobody, have no home
  }
}

// Anybody may create a folder with this name beforehand, and put programs into it. A folder of another user is therefore refused.
function temporaryCacheFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `orderly-cache-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = lstatSync(folder);
  if (owner !== uid || (mode & 0o022) !== 0) throw new Error(`${folder} belongs to another user`);
  return folder;
}
