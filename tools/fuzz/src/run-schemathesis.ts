import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bound, Findings } from './findings';

export type SchemathesisRun = {
  python: string;
  /** The folder with `schemathesis.toml` and `hooks.py`. */
  settingsFolder: string;
  url: string;
  key: string;
  bound: Bound;
  seed: number;
  environment: NodeJS.ProcessEnv;
  /** Receives the output of schemathesis. If undefined, the output goes to the terminal. */
  onOutput?: (text: string) => void;
  interrupted: AbortSignal;
};

/**
 * Runs schemathesis on all calls in the API document of a gateway.
 *
 * @throws Error with one line if schemathesis did not finish
 */
export async function runSchemathesis(options: SchemathesisRun): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), 'orderly-schemathesis-'));
  const reportFile = join(folder, 'report.json');
  try {
    const code = await spawned(options, reportFile, folder);
    if (!existsSync(reportFile)) throw new Error(`schemathesis exited with ${code} and wrote no report`);
    return findingsOf(JSON.parse(readFileSync(reportFile, 'utf8')) as Report, options.bound);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** When its time is over, schemathesis starts no new call. Running calls may take this much longer. */
const graceMs = 60_000;

function spawned(options: SchemathesisRun, reportFile: string, folder: string): Promise<number | null> {
  const { python, settingsFolder, url, key, bound, seed, environment, onOutput, interrupted } = options;
  const child = spawn(
    python,
    [
      ...['-c', 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())'],
      ...['--config-file', join(settingsFolder, 'schemathesis.toml'), 'run', `${url}/openapi.json`],
      ...[...boundOf(bound), '--seed', String(seed), '--report', 'json', '--report-json-path', reportFile],
    ],
    {
      cwd: folder,
      stdio: onOutput === undefined ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      env: {
        ...environment,
        ORDERLY_API_KEY: key, // not an argument: every user of the machine can read those
        SCHEMATHESIS_HOOKS: join(settingsFolder, 'hooks.py'),
        PYTHONDONTWRITEBYTECODE: '1',
      },
      signal: interrupted,
      killSignal: 'SIGINT',
      timeout: 'seconds' in bound ? bound.seconds * 1000 + graceMs : undefined,
    },
  );
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => onOutput?.(chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => (error.name === 'AbortError' ? undefined : reject(error)));
    child.once('exit', (code) => resolve(code));
  });
}

/**
 * The phase `coverage` sends thousands of requests, as many as the schemas have edge cases. So a bound by requests excludes it.
 */
const boundOf = (bound: Bound): string[] =>
  'seconds' in bound
    ? ['--max-time', String(bound.seconds)]
    : ['--max-examples', String(bound.perCall), '--phases', 'examples,fuzzing,stateful'];

type Report = {
  operations: { selected: number; tested: number };
  test_cases: { generated: number };
  failures: { title: string; count: number; operations: string[] }[];
  errors: { title: string; count: number }[];
};

function findingsOf({ operations, test_cases: { generated }, failures, errors }: Report, bound: Bound): Findings {
  const untried = operations.selected - operations.tested;
  return {
    operations: operations.tested,
    untried,
    requests: generated,
    found: [
      ...failures.map((one) => ({ what: one.title, count: one.count, operations: one.operations })),
      ...errors.map(({ title, count }) => ({ what: title, count, operations: [] })),
      // A bound by time may end before a call was tried. With a bound by requests every call must have been tried.
      ...(untried > 0 && 'perCall' in bound ? [{ what: 'calls that were not tried', count: untried, operations: [] }] : []),
    ],
  };
}
