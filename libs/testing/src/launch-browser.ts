import { foldersWith } from '@orderly/servers';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { unpackedChromium, type BrowserProgram } from './unpacked-chromium';

export type BrowserOptions = {
  /** `CHROME_PATH` and `PATH` are read from it. @defaultValue the environment of the process */
  environment?: NodeJS.ProcessEnv;
  /** Receives one line each time a way fails. @defaultValue writes to standard error */
  report?: (line: string) => void;
};

/**
 * Launches Chromium from `CHROME_PATH`, or else from the PATH, or else from an npm package. The package also has the libraries
 * and fonts that a bare machine lacks. After a failure the next way is tried.
 *
 * @throws Error with one line if no way works, or if the browser of `CHROME_PATH` does not start
 */
export async function launchBrowser({ environment = process.env, report = reportLine }: BrowserOptions = {}): Promise<Browser> {
  for (const { source, isAskedFor, find } of waysOf(environment)) {
    try {
      const program = await find();
      if (program) return await launch(program, environment);
    } catch (error) {
      const reason = `Chromium: not from ${source}: ${oneLine(error)}`;
      if (isAskedFor) throw new Error(reason, { cause: error });
      report(reason);
    }
  }
  throw new Error('There is no Chromium. Install Chromium, or name one in CHROME_PATH.');
}

type Way = {
  readonly source: string;
  readonly isAskedFor?: boolean;
  /** Returns undefined if this way has no browser and nothing needs to be reported. */
  readonly find: () => Promise<BrowserProgram | undefined>;
};

const programNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function waysOf(environment: NodeJS.ProcessEnv): readonly Way[] {
  const named = environment['CHROME_PATH'];
  const onPath = programNames.flatMap((name) => foldersWith([name], environment).map((folder) => join(folder, name)));
  return [
    { source: 'CHROME_PATH', isAskedFor: true, find: async () => (named ? { program: named, environment: {} } : undefined) },
    ...onPath.map((program) => ({ source: 'the PATH', find: async () => ({ program, environment: {} }) })),
    { source: 'the package @sparticuz/chromium', find: () => unpackedChromium(environment) },
  ];
}

async function launch({ program, environment }: BrowserProgram, inherited: NodeJS.ProcessEnv): Promise<Browser> {
  // Loaded here, because it is large and few tests need it.
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: program,
    // Containers lack the user namespaces and the shared memory that Chromium expects. Root cannot use the sandbox at all.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
    env: { ...inherited, ...environment },
    timeout: 20_000,
  });
  return browser;
}

const reportLine = (line: string): void => void process.stderr.write(`${line}\n`);

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n').find((part) => part.trim() !== '') ?? text).trim().slice(0, 200);
}
