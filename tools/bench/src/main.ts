import { join } from 'node:path';
import { runBench } from './run-bench';

const interrupt = new AbortController();
// Once: a second Ctrl-C ends the process as usual.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

void runBench(process.argv.slice(2), {
  // This file ends up in dist/tools/bench/main.cjs.
  migrationsFolder: join(__dirname, 'migrations'),
  ...{ environment: process.env, stdout: process.stdout, stderr: process.stderr, interrupted: interrupt.signal },
}).then((status) => {
  process.exitCode = status;
});
