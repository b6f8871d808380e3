import type { Database } from '@orderly/database';
import { rotateLogs } from '@orderly/ledger';
import { setTimeout as wait } from 'node:timers/promises';
import { printTable, remark, type BenchContext } from '../bench-context';
import { countProbePages } from './count-probe-pages';
import { startForeground, type ForegroundLatency } from './foreground';
import { makeWeek } from './make-week';

interface Measured {
  readonly rows: number;
  readonly seconds: number;
  readonly removed: number;
  readonly probePages: number;
  readonly walBytes: number;
  readonly foreground: ForegroundLatency;
}

/** Events that are accepted on an idle server, to compare with. */
const baselineEvents = 100;
/** Between two batches: the mean of what cleanup-cron rests on servers that are not strained. */
const pauseMs = 30;

/** Measures retention twice, with a tenth of the rows and with all of them, so that growth shows. */
export async function measureRetention(
  db: Database,
  { rows, deadline }: { readonly rows: number; readonly deadline: number },
  context: BenchContext,
): Promise<void> {
  const baseline = await startForeground(db).stop(baselineEvents);
  const measured: Measured[] = [];
  for (const [weeksPast, share] of [0.1, 1].entries()) {
    const made = await makeWeek(db, { weeksPast, rows: Math.round(rows * share), deadline }, context);
    if (context.interrupted.aborted) break;
    remark(context, `Removing ${made.toLocaleString('en-US')} rows of each kind …`);
    measured.push(await measureRun(db, made, context.interrupted));
  }
  printMeasured(measured, baseline, context);
}

async function measureRun(db: Database, rows: number, signal: AbortSignal): Promise<Measured> {
  const probes = countProbePages(db);
  const foreground = startForeground(db);
  const walBefore = await walPosition(db);
  const startedAt = performance.now();
  const report = await rotateLogs(probes.db, {
    ...{ weeksAhead: 8, retentionDays: 90, auditRetentionDays: 400, signal },
    pause: async () => {
      await wait(pauseMs);
      return true;
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const walBytes = (await walPosition(db)) - walBefore;
  return { rows, seconds, removed: report.rows, probePages: probes.pages(), walBytes, foreground: await foreground.stop() };
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
    ['rows of each kind', 'removed', 'seconds', 'rows/s', 'pages read by probes', 'WAL MB'],
    measured.map(({ rows, removed, seconds, probePages, walBytes }) => [
      rows,
      removed,
      seconds.toFixed(1),
      Math.round(removed / seconds),
      probePages,
      (walBytes / mega).toFixed(1),
    ]),
  );
  const latencyRow = (title: string, { p50, p99, max }: ForegroundLatency): (string | number)[] => [title, p50, p99, max];
  printTable(
    context,
    'Accepting an event meanwhile, ms',
    ['', 'p50', 'p99', 'max'],
    [
      latencyRow('before', baseline),
      ...measured.map(({ rows, foreground }) => latencyRow(`while ${rows.toLocaleString('en-US')} are removed`, foreground)),
    ],
  );
}
