import type { DataFolder } from './data-folder';
import { parseOptions } from './options';
import type { ServiceProcess } from './service-process';
import { runStack } from './stack';
import { StopRequested, StopStages } from './stop-stages';
import { terminal } from './terminal';

/** Everything must have stopped by then; after that, the guards of the servers kill the rest. */
const stopTimeoutMs = 9_500;
/** npm forwards Ctrl-C, so one key press can arrive twice. Signals within this time count as one press. */
const samePressMs = 500;

const stopRequest = new AbortController();
const stages = new StopStages(stopRequest.signal);
let services: ServiceProcess[] = [];
let stopRequestedAt: number | undefined;
let closed: DataFolder | undefined;

const options = parseOptions(process.argv);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, requestStop);
// `npm start` runs this process in a session of its own. If it is killed, the closed channel is the only sign.
process.on('disconnect', requestStop);
process.channel?.unref();
// Writing to a closed terminal fails; that must not prevent an orderly stop.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void runStack({
  ...{ options, environment: process.env, terminal, stages },
  onServices: (made) => (services = made),
  onFolderClosed: (folder) => (closed = folder),
}).then(
  () => exit(0),
  (error: unknown) => {
    if (error instanceof StopRequested) return exit(0);
    process.stderr.write(`${describe(error)}\n`);
    return exit(1);
  },
);

function requestStop(): void {
  if (stopRequestedAt !== undefined) {
    if (Date.now() - stopRequestedAt > samePressMs) killAll();
    return;
  }
  stopRequestedAt = Date.now();
  terminal.line('\nStopping …');
  setTimeout(killAll, stopTimeoutMs).unref();
  stopRequest.abort();
}

async function exit(code: number): Promise<void> {
  stopRequestedAt ??= Date.now();
  await stages.stopAll();
  if (code === 0) terminal.line(`Everything is stopped. ${closed === undefined ? '' : whatIsLeft(closed)}`.trim());
  process.exit(code);
}

const whatIsLeft = ({ path, isTemporary }: DataFolder): string =>
  isTemporary
    ? `The temporary folder ${path} was deleted. To keep orders and logs, use npm start -- --data-dir <folder>.`
    : `Orders and logs are kept in ${path}.`;

function killAll(): void {
  for (const service of services) service.kill();
  process.exit(1);
}

// An expected error has a one-line message. Anything else is a bug, and its stack trace helps.
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.constructor === Error || error.name === 'NoServerError' ? error.message : (error.stack ?? error.message);
}
