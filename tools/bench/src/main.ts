import { join } from 'node:path';
import { runBench } from './run-bench';

const interrupt = new AbortController();
// `once`, so that a second Ctrl-C ends the process as usual.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

void runBench(process.argv.slice(2), {
  // The built file is dist/tools/bench/main.cjs, with the migrations beside it.
  migrationsFolder: join(__dirname, 'migrations'),
  ...{ environment: process.env, stdout: process.stdout, stderr: process.stderr, interrupted: interrupt.signal },
}).then((status) => {
  process.exitCode = status;
});
