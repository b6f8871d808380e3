import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import type { groupDeadLettersOperation, listDeadLettersOperation } from '../routes/dead-letters/schema';
import type { findJobOperation } from '../routes/jobs/schema';
import type { OperationAnswer } from '../routes/operation-progress/schema';
import { alignedTable } from './aligned-table';
import type { ApiClient, ApiOptions } from './api-client';
import { createProgressLine } from './progress-line';

interface FilterOptions {
  readonly fingerprint?: string;
  readonly code?: string;
  readonly job?: string;
  readonly destination?: string;
  readonly order?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Options of every command; the API's own are among them. */
export interface OutputOptions extends ApiOptions {
  readonly json?: boolean;
}

export interface GroupOptions extends FilterOptions, OutputOptions {}

export interface ListOptions extends GroupOptions {
  readonly limit: number;
}

interface ChoiceOptions extends FilterOptions {
  readonly id?: readonly string[];
  readonly all?: boolean;
}

type Letters = z.input<typeof listDeadLettersOperation.answer.schema>;
type Groups = z.input<typeof groupDeadLettersOperation.answer.schema>;
type Operation = z.input<typeof OperationAnswer>;

export async function listLetters(api: ApiClient, { limit, json, ...filter }: ListOptions): Promise<void> {
  const { deadLetters, nextCursor } = await api.get<Letters>('/v1/dead-letters', { ...queryOf(filter), limit: `${limit}` });
  if (json) return printJson(deadLetters);
  if (deadLetters.length === 0) return print('No dead letter matches.\n');
  const rows = deadLetters.map((letter) => [
    letter.id,
    minuteOf(letter.endedAt),
    letter.fingerprint ?? nothing,
    letter.orderId ?? nothing,
    letter.version?.toString() ?? nothing,
    `${letter.attemptsUsed}`,
    letter.answer ? `${letter.answer.status} ${oneLine(letter.answer.excerpt ?? '')}` : oneLine(letter.errorMessage ?? ''),
  ]);
  print(alignedTable([['ID', 'DIED (UTC)', 'FINGERPRINT', 'ORDER', 'VERSION', 'ATTEMPTS', 'ANSWER OR ERROR'], ...rows]));
  if (nextCursor !== null) print(`More letters match. Raise --limit, or narrow the filter.\n`);
}

export async function groupLetters(api: ApiClient, { json, ...filter }: GroupOptions): Promise<void> {
  const { groups } = await api.get<Groups>('/v1/dead-letters/groups', queryOf(filter));
  if (json) return printJson(groups);
  if (groups.length === 0) return print('No dead letter matches.\n');
  const rows = groups.map((group) => [
    group.fingerprint,
    `${group.count}${group.isCountExact ? '' : '+'}`,
    minuteOf(group.first),
    minuteOf(group.last),
    group.isHappening ? 'yes' : 'no',
    oneLine(group.example?.answer?.excerpt ?? group.example?.errorMessage ?? ''),
  ]);
  print(alignedTable([['FINGERPRINT', 'COUNT', 'FIRST (UTC)', 'LAST (UTC)', 'STILL HAPPENING', 'EXAMPLE'], ...rows]));
}

export async function showLetter(api: ApiClient, id: string, { json }: OutputOptions): Promise<void> {
  const job = await api.get<z.input<typeof findJobOperation.answer.schema>>(`/v1/jobs/${encodeURIComponent(id)}`);
  if (json) return printJson(job);
  const facts = [
    ['job', `${job.name} ${job.id}`],
    ['order', `${job.orderId ?? nothing}, version ${job.version ?? nothing}`],
    ['destination', job.destination ?? nothing],
    ['state', `${job.state}${job.outcome === null ? '' : `, ${job.outcome}`}`],
    ['error', `${job.errorCode ?? nothing}: ${oneLine(job.errorMessage ?? '')}`],
    ['fingerprint', job.fingerprint ?? nothing],
  ];
  const attempts = job.attempts.map((attempt) => [
    `${attempt.number}`,
    minuteOf(attempt.endedAt),
    attempt.outcome,
    attempt.errorCode ?? nothing,
    attempt.responseStatus?.toString() ?? nothing,
    attempt.traceId ?? nothing,
    oneLine(attempt.responseExcerpt ?? attempt.errorMessage ?? ''),
  ]);
  print(`${alignedTable(facts)}\n`);
  print(alignedTable([['TRY', 'ENDED (UTC)', 'OUTCOME', 'ERROR', 'STATUS', 'TRACE', 'ANSWER OR ERROR'], ...attempts]));
}

export interface RedriveOptions extends ChoiceOptions, OutputOptions {
  readonly dryRun?: boolean;
  readonly perSecond?: number;
  readonly first?: number;
  readonly reason?: string;
  /** False after `--no-wait`. */
  readonly wait: boolean;
}

/** How often the progress is read, in ms. */
const pollMs = 500;

export async function redriveLetters(api: ApiClient, options: RedriveOptions): Promise<void> {
  const { dryRun = false, perSecond, first, reason, wait, json } = options;
  const body = { filter: filterOf(options), dryRun, perSecond, first, reason };
  if (dryRun) {
    const preview = await api.post<Readonly<Record<string, number | boolean>>>('/v1/dead-letters/redrive', body);
    if (json) return printJson(preview);
    const { matched, wouldSend, wouldSupersede, wouldSkip } = preview;
    return print(
      `${matched} match: ${wouldSend} would be sent, ${wouldSupersede} closed as superseded, ${wouldSkip} left alone.\n`,
    );
  }
  let operation = await api.post<Operation>('/v1/dead-letters/redrive', body);
  if (wait) {
    const progress = createProgressLine('Redrive', process.stderr);
    while (operation.state === 'running') {
      const { sent, superseded, skipped, matched } = operation.progress;
      progress.update(
        sent + superseded + skipped,
        matched,
        operation.phase === 'waiting' ? 'waiting for the first letters' : `${sent} sent`,
      );
      await pause(pollMs);
      operation = await api.get<Operation>(operation.links.self);
    }
    progress.stop();
  }
  if (json) return printJson(operation);
  const { matched, sent, superseded, skipped } = operation.progress;
  const heldBack = operation.heldBack.length > 0 ? ` Held back: ${operation.heldBack.join(', ')}.` : '';
  print(
    `Operation ${operation.id} is ${operation.state}: of ${matched}, ${sent} sent, ${superseded} closed as superseded, ${skipped} left alone.${heldBack}\n`,
  );
}

export interface DiscardOptions extends ChoiceOptions, OutputOptions {
  readonly reason: string;
}

export async function discardLetters(api: ApiClient, options: DiscardOptions): Promise<void> {
  const body = { filter: filterOf(options), reason: options.reason };
  let total = 0;
  for (;;) {
    const { discarded, more } = await api.post<{ discarded: number; more: boolean }>('/v1/dead-letters/discard', body);
    total += discarded;
    if (!more) break;
  }
  if (options.json) return printJson({ discarded: total });
  print(`${total} discarded.\n`);
}

const queryOf = ({ order, fingerprint, code, job, destination, since, until }: FilterOptions) => ({
  fingerprint,
  code,
  job,
  destination,
  orderId: order,
  since,
  until,
});

const filterOf = ({ id, all, ...filter }: ChoiceOptions) => ({ ...queryOf(filter), ids: id, ...(all && { all }) });

export const print = (text: string): void => void process.stdout.write(text);
export const printJson = (value: unknown): void => print(`${JSON.stringify(value, undefined, 2)}\n`);

const nothing = '-';
/** Longer cells would make the table unreadable. `show` and `--json` have the whole text. */
const maxCell = 80;

/** Partners choose their words: control characters could change the terminal. */
const oneLine = (text: string): string => {
  const plain = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return plain.length > maxCell ? `${plain.slice(0, maxCell - 1)}…` : plain;
};

const minuteOf = (moment: unknown): string => (typeof moment === 'string' ? moment.slice(0, 16).replace('T', ' ') : nothing);
