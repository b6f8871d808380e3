import { cacheFolder } from '@orderly/servers';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type BrowserProgram = {
  program: string;
  /** Variables that the program needs in addition to the environment of the process. */
  environment: NodeJS.ProcessEnv;
};

/**
 * The Chromium of the npm package @sparticuz/chromium, unpacked once into the cache folder.
 *
 * @throws Error if it cannot be unpacked here
 */
export async function unpackedChromium(environment: NodeJS.ProcessEnv): Promise<BrowserProgram> {
  const folder = join(cacheFolder(environment), `chromium-${versionOfPackage()}-${process.arch}`);
  if (!existsSync(folder)) await fill(folder, environment);
  return {
    program: join(folder, 'chromium'),
    environment: {
      // Libraries of a desktop, such as NSS, which a bare machine lacks.
      LD_LIBRARY_PATH: [join(folder, 'al2023', 'lib'), environment['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

const packageFolder = join(__dirname, '../../../node_modules/@sparticuz/chromium');

const versionOfPackage = (): string =>
  (JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }).version;

// Unpacks on the same disk, so that the final rename is atomic: two test processes may unpack at once.
async function fill(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const work = mkdtempSync(`${folder}-`);
  try {
    // The package unpacks into TMPDIR, and unpacks its libraries only if it finds itself on AWS Lambda. It reads both from the
    // environment of its process, so it runs in a separate one.
    await promisify(execFile)(process.execPath, [join(__dirname, 'unpack-chromium.mjs')], {
      env: { ...environment, TMPDIR: work, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
      timeout: 60_000,
    });
    writeFileSync(join(work, 'fonts.conf'), fontsOf(folder));
    try {
      renameSync(work, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // otherwise another process has put the same content there
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Lists the fonts of the machine, then those of the package. The package's own list names folders that do not exist here. */
const fontsOf = (folder: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`;
