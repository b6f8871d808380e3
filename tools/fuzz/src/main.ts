import { join } from 'node:path';
import { parseOptions } from './options';
import { runFuzz } from './run-fuzz';
import { findingsOf, renderSummary } from './summary';

const interrupt = new AbortController();
// `once`, so that a second Ctrl-C ends the process as usual.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

const options = parseOptions(process.argv, process.env);
const report = (line: string): void => void process.stderr.write(`${line}\n`);
let lastAt = 0;

runFuzz(options, {
  environment: process.env,
  // The built file is dist/tools/fuzz/main.cjs.
  schemathesisFolder: join(__dirname, 'schemathesis'),
  stackProgram: join(__dirname, '../stack/main.cjs'),
  report,
  onProgress: (sent, elapsedMs) => {
    if (elapsedMs - lastAt < 5000) return;
    lastAt = elapsedMs;
    report(`${Math.round(elapsedMs / 1000)} s, ${sent.toLocaleString('en-US')} requests`);
  },
  interrupted: interrupt.signal,
}).then(
  (result) => {
    process.stdout.write(`\n${renderSummary(result, { withColors: process.stdout.isTTY })}`);
    process.exitCode = interrupt.signal.aborted ? 130 : findingsOf(result).length > 0 ? 1 : 0;
  },
  (error: unknown) => {
    report(error instanceof Error ? error.message : String(error));
    process.exitCode = interrupt.signal.aborted ? 130 : 2;
  },
);
