import type { Database } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import { deleteInBatches, sumOf, type RowsToDelete } from './delete-in-batches';

export interface ExpireTokensOptions extends CleanupOptions {
  /** How long the records of cleanup runs are kept. */
  readonly retentionDays: number;
}

/** Removed rows by kind. */
export interface ExpireTokensReport extends CleanupReport {
  readonly apiKeys: number;
  readonly idempotencyKeys: number;
  readonly processes: number;
  readonly leases: number;
  readonly alertWindows: number;
  readonly cleanupRuns: number;
}

/** Gives operators time to see in the list which key was in use before it ended. */
const keyGraceDays = 30;
/** Far above the seconds after which a silent process counts as dead. Its jobs have been taken over by then. */
const deadProcessMinutes = 60;

/** An alert whose fingerprint was not met for so long counts as new again. */
const oldAlertDays = 30;

const expiredRows = {
  apiKeys: {
    table: 'api_keys',
    where: `least(expires_at, revoked_at) < now() - make_interval(days => $2)`,
    values: [keyGraceDays],
  },
  idempotencyKeys: { table: 'idempotency_keys', where: 'expires_at <= now()' },
  processes: { table: 'processes', where: `beat_at < now() - make_interval(mins => $2)`, values: [deadProcessMinutes] },
  leases: { table: 'leases', where: 'until < now()' },
  alertWindows: {
    table: 'alert_windows',
    where: `pending = 0 and told_at < now() - make_interval(days => $2)`,
    values: [oldAlertDays],
  },
} as const satisfies Record<string, RowsToDelete>;

/** The newest run of each task is kept. Without it the watchdog would take the task for one that has never run. */
const oldRuns = (retentionDays: number): RowsToDelete => ({
  table: 'cleanup_runs',
  where: `state in ('done', 'failed') and created_at < now() - make_interval(days => $2)
    and exists (select from cleanup_runs newer where newer.task = cleanup_runs.task and newer.scheduled_for > cleanup_runs.scheduled_for)`,
  values: [retentionDays],
});

/**
 * Removes expired rows of small tables: API keys that ended more than 30 days ago, answers for an `Idempotency-Key`, heartbeats
 * of processes that have been silent for an hour, leases that are over, alerts of a month ago, and cleanup runs past retention.
 */
export async function expireTokens(
  db: Pick<Database, 'query'>,
  { retentionDays, ...options }: ExpireTokensOptions,
): Promise<ExpireTokensReport> {
  const rows = { apiKeys: 0, idempotencyKeys: 0, processes: 0, leases: 0, alertWindows: 0, cleanupRuns: 0 };
  const kinds = ['apiKeys', 'idempotencyKeys', 'processes', 'leases', 'alertWindows', 'cleanupRuns'] as const;
  const sum = await sumOf(
    kinds.map((kind) => async () => {
      const report = await deleteInBatches(db, kind === 'cleanupRuns' ? oldRuns(retentionDays) : expiredRows[kind], options);
      rows[kind] = report.rows;
      return report;
    }),
  );
  return { ...sum, ...rows };
}
