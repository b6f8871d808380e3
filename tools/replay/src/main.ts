import { runReplay } from './run-replay';

const interrupt = new AbortController();
// Once: a second Ctrl-C ends the process as usual.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
// Whoever reads our output may have enough of it, as `head` has.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void runReplay(process.argv, {
  ...{ environment: process.env, stdout: process.stdout, stderr: process.stderr, interrupted: interrupt.signal },
}).then((status) => {
  process.exitCode = status;
});
