import { orderStatuses } from '@orderly/contracts';
import { renderTable } from '@orderly/terminal';
import { createColors } from 'picocolors';
import type { BatchStatistics } from './gateway-answers';
import type { Tally } from './send-file';

export type Result = {
  tally: Tally;
  /** Undefined when the gateway was lost before it could say. */
  statistics?: BatchStatistics;
  sendingMs: number;
  totalMs: number;
  /** Whether everything was sent and has ended. */
  isComplete: boolean;
};

/** What of a result is no success, in words; empty if all went well. */
export function shortcomings({ tally, statistics, isComplete }: Result): string[] {
  const ended = (outcome: string): number => sum(statistics?.jobs.filter((job) => job.outcome === outcome));
  return [
    counted(tally.rejected, 'event rejected', 'events rejected'),
    counted(ended('dead'), 'dead letter', 'dead letters'),
    // While others run, a blocked job only waits for its turn.
    isComplete ? counted(statistics?.blocked ?? 0, 'job blocked', 'jobs blocked') : undefined,
    counted(ended('unknown'), 'job unknown', 'jobs unknown'),
    counted(statistics?.messages.unknown ?? 0, 'message unknown', 'messages unknown'),
  ].flatMap((text) => text ?? []);
}

/** A result as tables, at most 80 columns wide as long as names are. */
export function renderResult(result: Result, { withColors }: { withColors: boolean }): string {
  const colors = createColors(withColors);
  const { tally, statistics } = result;
  const table = (head: string[], rows: readonly Row[]): string => renderTable(head, rows, { withColors });
  const section = (title: string, ...parts: string[]): string => [colors.bold(title), ...parts].join('\n');
  const sections = [section('Events', table(['', 'count'], eventRows(tally)))];
  if (tally.rejected > 0) sections.push(section('Rejected', ...rejectedLines(tally)));
  if (statistics) {
    const { jobs } = statistics;
    const endedJobs = jobs.filter(({ state }) => state === 'ended').map((job) => ({ ...job, end: job.outcome ?? '' }));
    const waitingJobs = jobs.filter(({ state }) => state !== 'ended').map((job) => ({ ...job, end: job.state }));
    sections.push(
      section('Orders', table(['status', 'count'], orderRows(statistics.orders))),
      section('Jobs that have ended', table(['job', 'destination', 'outcome', 'count'], jobRows(endedJobs))),
      section('Jobs that wait', table(['job', 'destination', 'state', 'count'], waitRows(waitingJobs, statistics))),
      section('Messages', table(['state', 'count'], withTotal(countRows(statistics.messages)))),
    );
  }
  sections.push(section('Time', table(['', 'seconds', 'events/s', 'jobs/s'], timeRows(result))));
  const faults = shortcomings(result);
  const isDead = statistics?.jobs.some(({ outcome }) => outcome === 'dead');
  if (faults.length > 0) {
    sections.push(colors.red(`Not all went well: ${faults.join(', ')}.${isDead ? ' GET /v1/dead-letters tells why.' : ''}`));
  } else if (result.isComplete && statistics && statistics.parked > 0) {
    const parked = counted(statistics.parked, 'job is parked until its order moves', 'jobs are parked until their orders move');
    sections.push(colors.yellow(`Nothing went wrong, but ${parked}, or the deadline comes.`));
  } else if (result.isComplete) sections.push(colors.green('All went well.'));
  return `${sections.join('\n\n')}\n`;

  function rejectedLines({ firstRejected, rejected }: Tally): string[] {
    const rows = firstRejected
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, code, detail = '' }) => `  line ${line}: ${code}${detail && colors.dim(`  ${detail}`)}`);
    const others = rejected - firstRejected.length;
    return others > 0 ? [...rows, `  and ${number(others)} more`] : rows;
  }
}

type Row = (string | number)[];
type JobCount = { name: string; destination: string | null; end: string; count: number };

const eventRows = ({ accepted, duplicates, rejected }: Tally): Row[] => [
  ['accepted', accepted],
  ['duplicates', duplicates],
  ['rejected', rejected],
];

// In the order of an order's life.
function orderRows(orders: Readonly<Record<string, number>>): Row[] {
  const { unknown: notCreated = 0, ...others } = orders;
  const place = (status: string): number => orderStatuses.findIndex((known) => known === status);
  const rows = countRows(others).sort(([a], [b]) => place(String(a)) - place(String(b)));
  return withTotal(notCreated > 0 ? [...rows, ['not created yet', notCreated]] : rows);
}

const countRows = (counts: Readonly<Record<string, number>>): Row[] => Object.entries(counts);

const withTotal = (rows: Row[]): Row[] =>
  rows.length < 2 ? rows : [...rows, ['together', rows.reduce((total, row) => total + Number(row.at(-1)), 0)]];

// A name that stands in the row above is left out.
function jobRows(jobs: readonly JobCount[]): Row[] {
  const grouped = new Map<string, JobCount>();
  for (const job of jobs) {
    const key = JSON.stringify([job.name, job.destination, job.end]);
    grouped.set(key, { ...job, count: (grouped.get(key)?.count ?? 0) + job.count });
  }
  return [...grouped.values()].map(({ name, destination, end, count }, index, all) => {
    const above = all[index - 1];
    const isSameJob = above?.name === name;
    const isSameDestination = isSameJob && above.destination === destination;
    return [isSameJob ? '' : name, isSameDestination ? '' : (destination ?? ''), outcomeNames[end] ?? end, count];
  });
}

const outcomeNames: Readonly<Record<string, string>> = { dead: 'dead letter' };

// Parked and blocked are said even when there are none: they are what one looks for here.
function waitRows(jobs: readonly JobCount[], { parked, blocked }: BatchStatistics): Row[] {
  const none: Row[] = [];
  if (parked === 0) none.push(['', '', 'parked', 0]);
  if (blocked === 0) none.push(['', '', 'blocked', 0]);
  return [...jobRows(jobs), ...none];
}

function timeRows({ tally, statistics, sendingMs, totalMs, isComplete }: Result): Row[] {
  const sent = tally.accepted + tally.duplicates + tally.rejected;
  const row = (title: string, ms: number, jobs?: number): Row => {
    const rate = (count: number): string => number(Math.round(count / (Math.max(1, ms) / 1000)));
    return [title, (ms / 1000).toFixed(1), rate(sent), jobs === undefined ? '' : rate(jobs)];
  };
  if (!isComplete) return [row('until it was broken off', totalMs, statistics?.ended)];
  return [row('until all was sent', sendingMs), row('until all had ended', totalMs, statistics?.ended)];
}

const number = (value: number): string => value.toLocaleString('en-US');
const sum = (jobs: readonly { count: number }[] = []): number => jobs.reduce((total, { count }) => total + count, 0);
const counted = (count: number, one: string, many: string): string | undefined =>
  count === 0 ? undefined : `${number(count)} ${count === 1 ? one : many}`;
