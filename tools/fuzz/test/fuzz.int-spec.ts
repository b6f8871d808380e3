import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installSchemathesis } from '../src/install-schemathesis';
import type { FuzzOptions } from '../src/options';
import { runFuzz } from '../src/run-fuzz';
import { findingsOf, renderSummary } from '../src/summary';

const workspace = join(__dirname, '../../..');
const schemathesisFolder = join(__dirname, '../schemathesis');
const stackProgram = join(workspace, 'dist/tools/stack/main.cjs');

/** The environment of this machine, without anything that steers Orderly or a test runner. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(ORDERLY_|OTEL_|TEST_|JEST_|NODE_ENV$|NODE_OPTIONS$|DATABASE_|REDIS_|LOG_LEVEL$)/.test(name),
  ),
);
/** Repeatable: a finding here is one that a change has made, not one that luck has found. `npm run fuzz` looks elsewhere each day. */
const seed = 1;
const patient = 180_000;

let hasSchemathesis = false;
beforeAll(async () => {
  if (!existsSync(stackProgram)) throw new Error('Build first: npx nx run-many -t build');
  hasSchemathesis = await installSchemathesis(join(schemathesisFolder, 'requirements.txt'), environment, () => undefined).then(
    () => true,
    (error: unknown) => {
      process.stderr.write(`Left out: schemathesis against the gateway (${String(error)})\n`);
      return false;
    },
  );
}, patient);

async function expectNothingFound(options: Pick<FuzzOptions, 'engine' | 'seconds'>, minRequests: number): Promise<void> {
  const output: string[] = [];
  const result = await runFuzz(
    { seed, ...options },
    {
      ...{ environment, schemathesisFolder, stackProgram },
      report: () => undefined,
      onOutput: (text) => output.push(text),
      interrupted: new AbortController().signal,
    },
  );
  const isFine = findingsOf(result).length === 0;
  if (!isFine) throw new Error(`${output.join('')}\n${renderSummary(result, { withColors: false })}`);
  expect(result.requests).toBeGreaterThan(minRequests);
}

describe('the gateway, asked thousands of things that nobody would ask', () => {
  it(
    'answers as its document says, logs no error and keeps its memory, by requests of fast-check',
    () => expectNothingFound({ engine: 'fast-check', seconds: 15 }, 2000),
    patient,
  );

  it(
    'answers as its document says, logs no error and keeps its memory, by requests of schemathesis',
    async () => {
      if (hasSchemathesis) await expectNothingFound({ engine: 'schemathesis', seconds: 40 }, 1000);
    },
    patient,
  );
});
