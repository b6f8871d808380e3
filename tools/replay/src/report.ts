import { orderStatuses } from '@orderly/contracts';
import { renderTable } from '@orderly/terminal';
import { createColors } from 'picocolors';
import type { BatchStatistics } from './gateway-answers';
import type { Tally } from './send-file';

export type Result = {
  tally: Tally;
  /** Undefined if the gateway became unavailable before it returned statistics. */
  statistics?: BatchStatistics;
  sendingMs: number;
  totalMs: number;
  /** True if all events were sent, and no job is left that runs by itself. Parked and blocked jobs may be left. */
  isComplete: boolean;
};

/** The faults of a result in words; empty if everything succeeded. */
export function shortcomings({ tally, statistics, isComplete }: Result): string[] {
  const ended = (outcome: string): number => sum(statistics?.jobs.filter((job) => job.outcome === outcome));
  return [
    counted(tally.rejected, 'event rejected', 'events rejected'),
    counted(ended('dead'), 'dead letter', 'dead letters'),
    // While other jobs run, a blocked job only waits for its turn.
    isComplete ? counted(statistics?.blocked ?? 0, 'job blocked', 'jobs blocked') : undefined,
    counted(ended('unknown'), 'job unknown', 'jobs unknown'),
    counted(statistics?.messages.unknown ?? 0, 'message unknown', 'messages unknown'),
  ].flatMap((text) => text ?? []);
}

/** Renders a result as tables. They are at most 80 columns wide, unless names are very long. */
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
      section('Ended jobs', table(['job', 'destination', 'outcome', 'count'], jobRows(endedJobs))),
      section('Waiting jobs', table(['job', 'destination', 'state', 'count'], jobRows(waitingJobs))),
      section('Messages', table(['state', 'count'], withTotal(countRows(statistics.messages)))),
    );
  }
  sections.push(section('Time', table(['', 'seconds', 'events/s', 'jobs/s'], timeRows(result))));
  const faults = shortcomings(result);
  const isDead = statistics?.jobs.some(({ outcome }) => outcome === 'dead');
  if (faults.length > 0) {
    sections.push(
      colors.red(`Finished with faults: ${faults.join(', ')}.${isDead ? ' GET /v1/dead-letters shows the reasons.' : ''}`),
    );
  } else if (result.isComplete && statistics && statistics.parked > 0) {
    const parked = counted(
      statistics.parked,
      'job is parked until its order changes',
      'jobs are parked until their orders change',
    );
    sections.push(colors.yellow(`No faults, but ${parked} or the deadline passes.`));
  } else if (result.isComplete) sections.push(colors.green(success(tally)));
  return `${sections.join('\n\n')}\n`;

  function rejectedLines({ firstRejected, rejected }: Tally): string[] {
    const rows = firstRejected
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, code, detail = '' }) => `  line ${line}: ${code}${detail && colors.dim(`  ${detail}`)}`);
    const others = rejected - firstRejected.length;
    return others > 0 ? [...rows, `  and ${number(others)} more`] : rows;
  }
}

// A repeated file succeeds too, but a user who expected new events must see that none was new.
function success({ accepted, duplicates }: Tally): string {
  if (accepted > 0 || duplicates === 0) return 'Everything succeeded.';
  return `Nothing new was sent: ${duplicates === 1 ? 'the only event is a duplicate' : `all ${number(duplicates)} events are duplicates`}.`;
}

type Row = (string | number)[];
type JobCount = { name: string; destination: string | null; end: string; count: number };

const eventRows = ({ accepted, duplicates, rejected }: Tally): Row[] => [
  ['accepted', accepted],
  ['duplicates', duplicates],
  ['rejected', rejected],
];

// In the order of an order's life cycle.
function orderRows(orders: Readonly<Record<string, number>>): Row[] {
  const { unknown: notCreated = 0, ...others } = orders;
  const place = (status: string): number => orderStatuses.findIndex((known) => known === status);
  const rows = countRows(others).sort(([a], [b]) => place(String(a)) - place(String(b)));
  return withTotal(notCreated > 0 ? [...rows, ['not created yet', notCreated]] : rows);
}

const countRows = (counts: Readonly<Record<string, number>>): Row[] => Object.entries(counts);

const withTotal = (rows: Row[]): Row[] =>
  rows.length < 2 ? rows : [...rows, ['together', rows.reduce((total, row) => total + Number(row.at(-1)), 0)]];

// A name is omitted if the row above has the same name.
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

function timeRows({ tally, statistics, sendingMs, totalMs, isComplete }: Result): Row[] {
  const sent = tally.accepted + tally.duplicates + tally.rejected;
  const row = (title: string, ms: number, jobs?: number): Row => {
    const rate = (count: number): string => number(Math.round(count / (Math.max(1, ms) / 1000)));
    return [title, (ms / 1000).toFixed(1), rate(sent), jobs === undefined ? '' : rate(jobs)];
  };
  if (!isComplete) return [row('until interrupted', totalMs, statistics?.ended)];
  return [row('until all events were sent', sendingMs), row('until no job was left to run', totalMs, statistics?.ended)];
}

const number = (value: number): string => value.toLocaleString('en-US');
const sum = (jobs: readonly { count: number }[] = []): number => jobs.reduce((total, { count }) => total + count, 0);
const counted = (count: number, one: string, many: string): string | undefined =>
  count === 0 ? undefined : `${number(count)} ${count === 1 ? one : many}`;
