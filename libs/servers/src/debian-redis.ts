import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder';
import { run } from './run';
import type { RedisProgram } from './run-redis';
import { foldersWith } from './search-path';

/**
 * Takes Redis from the distribution's package, which is downloaded and unpacked into a cache folder. This needs no root and
 * installs nothing.
 *
 * @throws Error on machines without apt, or without access to the distribution's packages
 */
export async function debianRedis(environment: NodeJS.ProcessEnv, report: (line: string) => void): Promise<RedisProgram> {
  const unpacked = join(cacheFolder(environment), `redis-${process.arch}`);
  if (!existsSync(unpacked)) await fill(unpacked, environment, report);
  return { program: join(unpacked, 'usr', 'bin', 'redis-server'), libraries: libraryFolders(unpacked) };
}

async function fill(unpacked: string, environment: NodeJS.ProcessEnv, report: (line: string) => void): Promise<void> {
  if (foldersWith(['apt-get', 'dpkg-deb'], environment).length === 0)
    throw new Error('the download needs apt-get of Debian or Ubuntu');
  mkdirSync(join(unpacked, '..'), { recursive: true });
  const work = mkdtempSync(`${unpacked}-`); // on the same disk, so that the final rename is atomic
  try {
    const packages = await downloadPackages(join(work, 'apt'), environment, report);
    const root = join(work, 'root');
    for (const file of packages) await run('dpkg-deb', ['-x', file, root], { environment });
    const server = join(root, 'usr', 'bin', 'redis-server');
    // The server is one of several names of the same program; the package redis-server would only add a link.
    if (!existsSync(server)) symlinkSync('redis-check-rdb', server);
    await run(server, ['--version'], { environment: { ...environment, LD_LIBRARY_PATH: libraryFolders(root).join(':') } });
    try {
      renameSync(root, unpacked);
    } catch (error) {
      if (!existsSync(unpacked)) throw error; // otherwise another run has put the same content there
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// Uses the machine's package lists. If they are absent or too old, it downloads lists of its own.
async function downloadPackages(
  folder: string,
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<string[]> {
  report('Redis: downloading the distribution’s package (2 to 8 MB, only once)');
  const own = privateApt(folder);
  try {
    return await download([], own, environment);
  } catch {
    report('Redis: downloading the distribution’s package lists first; this can take half a minute');
    await run('apt-get', [...own.options, ...own.lists, 'update', '-q'], { environment, timeoutMs: 300_000 });
    return await download(own.lists, own, environment);
  }
}

type PrivateApt = { options: string[]; lists: string[]; downloads: string };

// Makes apt write below `folder` only, so that it neither needs root nor changes the machine.
function privateApt(folder: string): PrivateApt {
  const lists = join(folder, 'lists');
  const cache = join(folder, 'cache');
  const downloads = join(folder, 'downloads');
  for (const path of [join(lists, 'partial'), join(cache, 'archives', 'partial'), downloads])
    mkdirSync(path, { recursive: true });
  const set = (name: string, value: string): string[] => ['-o', `${name}=${value}`];
  return {
    downloads,
    options: [
      ...set('Dir::Cache', cache),
      ...set('Debug::NoLocking', '1'),
      ...set('APT::Sandbox::User', ''), // apt's sandbox user could not enter our folder
      ...set('Acquire::Languages', 'none'),
      ...set('Acquire::IndexTargets::deb::DEP-11::DefaultEnabled', 'false'),
      ...set('Acquire::Retries', '3'),
    ],
    lists: set('Dir::State::Lists', lists),
  };
}

async function download(lists: string[], { options, downloads }: PrivateApt, environment: NodeJS.ProcessEnv): Promise<string[]> {
  const wanted = ['--print-uris', '-qq', '-y', '--no-install-recommends', 'install', 'redis-tools'];
  const plan = await run('apt-get', [...options, ...lists, ...wanted], { environment });
  // Lines such as: 'http://…/redis-tools_7.0.15_amd64.deb' redis-tools_5%3a7.0.15_amd64.deb 991988 SHA256:…
  const names = [...plan.matchAll(/^'[^']+' ([a-z0-9][a-z0-9+.-]*)_/gm)].map((line) => line[1] as string);
  if (!names.includes('redis-tools')) names.push('redis-tools'); // it is installed, but its server is not on the PATH
  await run('apt-get', [...options, ...lists, '-q', 'download', ...names], { environment, cwd: downloads, timeoutMs: 300_000 });
  return readdirSync(downloads).map((file) => join(downloads, file));
}

function libraryFolders(root: string): string[] {
  return ['usr/lib', 'lib'].flatMap((part) => {
    const folder = join(root, part);
    if (!existsSync(folder)) return [];
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...below.map((entry) => join(folder, entry.name))];
  });
}
