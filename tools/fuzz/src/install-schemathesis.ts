import { cacheFolder } from '@orderly/servers';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs schemathesis once into a virtual environment in the cache folder, and returns its Python. Nothing else on the machine
 * changes.
 *
 * @param requirements - the file with the exact versions
 * @throws Error with one line if there is no Python with venv, or no access to PyPI
 */
export async function installSchemathesis(
  requirements: string,
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<string> {
  const mark = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(environment), `schemathesis-${mark}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;

  await run('python3', ['-c', 'import sys, venv; assert sys.version_info >= (3, 10), "Python is older than 3.10"'], environment);
  report('Downloading schemathesis from PyPI (30 MB, only once) …');
  const work = mkdtempSync(`${folder}-`); // on the same disk, so that the final rename is atomic
  try {
    await run('python3', ['-m', 'venv', work], environment);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:'];
    await run(join(work, 'bin', 'python'), [...pip, '--requirement', requirements], environment);
    try {
      renameSync(work, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // otherwise another run has put the same content there
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return python;
}

const timeoutMs = 300_000;

function run(command: string, args: string[], environment: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env: environment, timeout: timeoutMs }, (error, stdout, stderr) => {
      if (!error) return resolve();
      const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(new Error(isMissing ? `there is no ${command}` : (lines.at(-1)?.trim() ?? error.message)));
    });
  });
}
