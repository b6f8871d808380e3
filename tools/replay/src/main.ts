import { runReplay } from './run-replay';

const interrupt = new AbortController();
// Only once: a second Ctrl-C ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
// The reader of the output may close it early, as `head` does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void runReplay(process.argv, {
  ...{ environment: process.env, stdout: process.stdout, stderr: process.stderr, interrupted: interrupt.signal },
}).then((status) => {
  process.exitCode = status;
});
