import type { Database } from '@orderly/database';
import { expireHistory, rotateLogs, type CleanupReport } from '@orderly/ledger';
import { setTimeout as wait } from 'node:timers/promises';
import { printTable, remark, type BenchContext } from '../bench-context';
import { countProbePages } from './count-probe-pages';
import { startForeground, type ForegroundLatency } from './foreground';
import { makeWeek } from './make-week';

interface Step {
  readonly title: string;
  readonly run: (db: Database) => Promise<CleanupReport>;
}

interface MeasuredStep {
  readonly title: string;
  readonly seconds: number;
  readonly removed: number;
  readonly probePages: number;
  readonly walBytes: number;
}

interface Measured {
  readonly rows: number;
  readonly steps: readonly MeasuredStep[];
  readonly foreground: ForegroundLatency;
}

/** Events that are accepted on an idle server, for comparison. */
const baselineEvents = 100;
/** The pause between two batches, in ms: the mean pause of cleanup-cron on servers without strain. */
const pauseMs = 30;

/** Measures retention with a tenth of the rows and then with all of them, so that the growth of the cost shows. */
export async function measureRetention(
  db: Database,
  { rows, deadline }: { readonly rows: number; readonly deadline: number },
  context: BenchContext,
): Promise<void> {
  const baseline = await startForeground(db).stop(baselineEvents);
  const measured: Measured[] = [];
  // The older week comes first, as in real life: a walk never goes back.
  for (const { weeksPast, share } of [
    { weeksPast: 1, share: 0.1 },
    { weeksPast: 0, share: 1 },
  ]) {
    const made = await makeWeek(db, { weeksPast, rows: Math.round(rows * share), deadline }, context);
    if (context.interrupted.aborted) break;
    remark(context, `Removing ${made.toLocaleString('en-US')} rows of each kind …`);
    measured.push(await measureRun(db, made, context.interrupted));
  }
  printMeasured(measured, baseline, context);
}

async function measureRun(db: Database, rows: number, signal: AbortSignal): Promise<Measured> {
  const foreground = startForeground(db);
  const steps: MeasuredStep[] = [];
  for (const step of stepsOf(signal)) steps.push(await measureStep(db, step));
  return { rows, steps, foreground: await foreground.stop(1) };
}

function stepsOf(signal: AbortSignal): readonly Step[] {
  const pause = async (): Promise<boolean> => {
    await wait(pauseMs);
    return true;
  };
  const kept = { pause, signal, retentionDays: 90, keyRetentionDays: 90, auditRetentionDays: 400, weeksAhead: 8 };
  return [
    // No week is that old, so only keys are removed.
    { title: 'event keys', run: (db) => expireHistory(db, { ...kept, retentionDays: 3650 }) },
    { title: 'history of orders', run: (db) => expireHistory(db, kept) },
    { title: 'partitions', run: (db) => rotateLogs(db, kept) },
  ];
}

async function measureStep(db: Database, { title, run }: Step): Promise<MeasuredStep> {
  const probes = countProbePages(db);
  const walBefore = await walPosition(db);
  const startedAt = performance.now();
  const { rows: removed } = await run(probes.db);
  const seconds = (performance.now() - startedAt) / 1000;
  return { title, seconds, removed, probePages: probes.pages(), walBytes: (await walPosition(db)) - walBefore };
}

async function walPosition(db: Database): Promise<number> {
  const [row] = await db.query<{ bytes: number }>(`select (pg_current_wal_lsn() - '0/0')::float8 as bytes`);
  return row?.bytes ?? 0;
}

function printMeasured(measured: readonly Measured[], baseline: ForegroundLatency, context: BenchContext): void {
  const mega = 1_000_000;
  printTable(
    context,
    'Retention',
    ['rows of each kind', 'step', 'removed', 'seconds', 'rows/s', 'pages read by probes', 'WAL MB'],
    measured.flatMap(({ rows, steps }) =>
      steps.map(({ title, removed, seconds, probePages, walBytes }) => [
        rows,
        title,
        removed,
        seconds.toFixed(1),
        Math.round(removed / seconds),
        probePages,
        (walBytes / mega).toFixed(1),
      ]),
    ),
  );
  const latencyRow = (title: string, { p50, p99, max }: ForegroundLatency): (string | number)[] => [title, p50, p99, max];
  printTable(
    context,
    'Time to accept an event, ms',
    ['', 'p50', 'p99', 'max'],
    [
      latencyRow('before', baseline),
      ...measured.map(({ rows, foreground }) => latencyRow(`while removing ${rows.toLocaleString('en-US')}`, foreground)),
    ],
  );
}
