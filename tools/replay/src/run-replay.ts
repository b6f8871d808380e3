import { startProgress, type Progress, type ProgressStream } from '@orderly/terminal';
import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Gateway } from './gateway';
import type { BatchStatistics } from './gateway-answers';
import { parseOptions, type ReplayOptions } from './options';
import { ReplayFailure } from './replay-failure';
import { renderResult, shortcomings } from './report';
import { emptyTally, sendFile, type Tally } from './send-file';
import { waitForEnd } from './wait-for-end';

export type ReplayContext = {
  environment: NodeJS.ProcessEnv;
  /** Receives the tables. */
  stdout: ProgressStream;
  /** Receives progress and errors. */
  stderr: ProgressStream;
  /** Ends the replay early; the results so far are shown. */
  interrupted: AbortSignal;
  /** How long the gateway may be unavailable. @defaultValue 2 minutes */
  patienceMs?: number;
};

const usualPatienceMs = 120_000;
const interruptedStatus = 130;

/** Sends a file of events and shows the results. Resolves to the exit status; rejects only for bugs. */
export async function runReplay(commandLine: string[], context: ReplayContext): Promise<number> {
  try {
    const options = parseOptions(commandLine, context.environment, { stdout: (text) => void context.stdout.write(text) });
    return options ? await replay(options, context) : 0;
  } catch (error) {
    if (!(error instanceof ReplayFailure)) throw error;
    context.stderr.write(`${error.message}\n`);
    return error.exitStatus;
  }
}

async function replay(options: ReplayOptions, context: ReplayContext): Promise<number> {
  const { stdout, stderr, interrupted, patienceMs = usualPatienceMs } = context;
  const { file, bytes } = await openFile(options.file);
  let progress: Progress | undefined;
  const gateway = new Gateway({
    ...options,
    ...{ patienceMs, interrupted },
    onWait: (reason, waitMs) =>
      progress?.say(`the gateway is unavailable (${reason}), next try in ${Math.ceil(waitMs / 1000)} s`),
  });
  const tally = emptyTally();
  let statistics: BatchStatistics | undefined;
  let startedAt = performance.now();
  let sendingMs: number | undefined;
  let failure: ReplayFailure | undefined;

  try {
    // Before sending: checks that the gateway is reachable and that the key may read statistics.
    const before = await gateway.readStatistics();
    stderr.write(`Sending ${options.file} to ${options.url}\nas batch ${options.batch}\n`);
    startedAt = performance.now();
    progress = startProgress('Sending', stderr);
    await sendFile(tally, { ...options, ...{ file, gateway, interrupted }, onSent: showSent(progress, bytes, startedAt) });
    progress.stop();
    sendingMs = performance.now() - startedAt;
    progress = startProgress('Working', stderr);
    statistics = await waitForEnd({ gateway, interrupted, onLook: showWork(progress) });
    if (tally.isUncertain) countOwnDuplicates(tally, statistics.events.accepted - before.events.accepted);
  } catch (error) {
    if (error instanceof ReplayFailure) failure = error;
    else if (!interrupted.aborted) throw error;
  } finally {
    progress?.stop();
    file.destroy();
  }

  if (failure && progress === undefined) throw failure;
  const totalMs = performance.now() - startedAt;
  if (interrupted.aborted) statistics = await gateway.readStatistics().catch(() => undefined);
  const result = { tally, statistics, sendingMs: sendingMs ?? totalMs, totalMs, isComplete: !failure && !interrupted.aborted };
  stdout.write(`\n${renderResult(result, { withColors: stdout.isTTY === true })}`);
  if (failure) throw failure;
  if (interrupted.aborted) {
    stderr.write('Interrupted. Accepted events are still processed.\n');
    return interruptedStatus;
  }
  return shortcomings(result).length > 0 ? 1 : 0;
}

async function openFile(path: string): Promise<{ file: ReadStream; bytes: number }> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new ReplayFailure(`${path} is a folder, not a file of events.`, 2);
    const file = createReadStream(path);
    await new Promise((resolve, reject) => file.once('open', resolve).once('error', reject));
    return { file, bytes: found.size };
  } catch (error) {
    if (error instanceof ReplayFailure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ReplayFailure(code === 'ENOENT' ? `The file ${path} does not exist.` : `${path} cannot be read: ${message}`, 2);
  }
}

const showSent =
  (progress: Progress, bytes: number, startedAt: number) =>
  ({ accepted, duplicates, rejected, sentBytes }: Tally): void => {
    const sent = accepted + duplicates + rejected;
    const perSecond = Math.round(sent / Math.max(0.001, (performance.now() - startedAt) / 1000));
    progress.update(sentBytes, bytes, `${shown(sent)} events, ${shown(perSecond)}/s`);
  };

const showWork =
  (progress: Progress) =>
  ({ ended, open, jobs }: BatchStatistics): void => {
    if (jobs.length === 0) return progress.update(1, 1, 'no jobs to wait for');
    const retrying = jobs.filter(({ state }) => state === 'retrying').reduce((sum, { count }) => sum + count, 0);
    const note = `${shown(ended)} of ${shown(ended + open)} jobs${retrying > 0 ? `, ${shown(retrying)} wait for a retry` : ''}`;
    progress.update(ended, ended + open, note);
  };

// If an answer was lost, the retry reports its events as duplicates. The ledger's count corrects this.
function countOwnDuplicates(tally: Tally, acceptedInLedger: number): void {
  const own = Math.max(0, Math.min(tally.duplicates, acceptedInLedger - tally.accepted));
  tally.accepted += own;
  tally.duplicates -= own;
}

const shown = (value: number): string => value.toLocaleString('en-US');
