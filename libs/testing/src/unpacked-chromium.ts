import { cacheFolder } from '@orderly/servers';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type BrowserProgram = {
  program: string;
  /** What it needs beside the process's own environment. */
  environment: NodeJS.ProcessEnv;
};

/** The Chromium of the npm package @sparticuz/chromium, unpacked once into the cache folder. @throws Error where it cannot be */
export async function unpackedChromium(environment: NodeJS.ProcessEnv): Promise<BrowserProgram> {
  const folder = join(cacheFolder(environment), `chromium-${versionOfPackage()}-${process.arch}`);
  if (!existsSync(folder)) await fill(folder, environment);
  return {
    program: join(folder, 'chromium'),
    environment: {
      // The libraries of a desktop, such as NSS, which a bare machine lacks.
      LD_LIBRARY_PATH: [join(folder, 'al2023', 'lib'), environment['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

const packageFolder = join(__dirname, '../../../node_modules/@sparticuz/chromium');

const versionOfPackage = (): string =>
  (JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }).version;

// Beside its last place, so that the rename at the end is one step: two test processes may come at once.
async function fill(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const work = mkdtempSync(`${folder}-`);
  try {
    // The package unpacks into the folder for temporary files, and its libraries only where it believes to be in the place that it
    // is made for. Both are read from the environment of a process: so it gets one of its own.
    await promisify(execFile)(process.execPath, [join(__dirname, 'unpack-chromium.mjs')], {
      env: { ...environment, TMPDIR: work, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
      timeout: 60_000,
    });
    writeFileSync(join(work, 'fonts.conf'), fontsOf(folder));
    try {
      renameSync(work, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // else another process was faster, with the same content
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Of the machine if it has any, else those of the package: the package's own list names folders that are not here. */
const fontsOf = (folder: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`;
