import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installSchemathesis } from '../src/install-schemathesis';
import type { FuzzOptions } from '../src/options';
import { fuzzTarget } from '../src/run-fuzz';
import { startTarget, type Target } from '../src/start-target';
import { findingsOf, renderSummary } from '../src/summary';

const workspace = join(__dirname, '../../..');
const schemathesisFolder = join(__dirname, '../schemathesis');
const stackProgram = join(workspace, 'dist/tools/stack/main.cjs');

/** The environment of this machine, without variables that configure Orderly or a test runner. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(ORDERLY_|OTEL_|TEST_|JEST_|NODE_ENV$|NODE_OPTIONS$|DATABASE_|REDIS_|LOG_LEVEL$)/.test(name),
  ),
);
/** A fixed seed, so that a change in the code causes each finding, and not chance. `npm run fuzz` has another seed each day. */
const seed = 1;
/** Ends a run that hangs. A busy machine needs minutes. */
const patient = 900_000;

let hasSchemathesis = false;
let target: Target | undefined;
beforeAll(async () => {
  if (!existsSync(stackProgram)) throw new Error('Build first: npx nx run-many -t build');
  hasSchemathesis = await installSchemathesis(join(schemathesisFolder, 'requirements.txt'), environment, () => undefined).then(
    () => true,
    (error: unknown) => {
      process.stderr.write(`Skipped: schemathesis is not available (${String(error)})\n`);
      return false;
    },
  );
  target = await startTarget(stackProgram, environment);
}, patient);

afterAll(() => target?.stop(), patient);

async function expectNothingFound(engine: FuzzOptions['engine'], perCall: number): Promise<void> {
  const output: string[] = [];
  const result = await fuzzTarget(
    target!,
    { seed, engine, bound: { perCall } },
    {
      ...{ environment, schemathesisFolder, stackProgram },
      report: () => undefined,
      onOutput: (text) => output.push(text),
      interrupted: new AbortController().signal,
    },
  );
  // The bound is a number of requests, so a slow machine sends as many as a fast one.
  const isFine = findingsOf(result).length === 0;
  if (!isFine) throw new Error(`${output.join('')}\n${renderSummary(result, { withColors: false })}`);
  expect(result.requests).toBeGreaterThanOrEqual(perCall * result.operations);
}

describe('the gateway under thousands of unusual requests', () => {
  it(
    'answers as documented, logs no error and leaks no memory, with requests of fast-check',
    () => expectNothingFound('fast-check', 80),
    patient,
  );

  it(
    'answers as documented, logs no error and leaks no memory, with requests of schemathesis',
    async () => {
      if (hasSchemathesis) await expectNothingFound('schemathesis', 30);
    },
    patient,
  );
});
