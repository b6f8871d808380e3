import type { Database } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import { deleteInBatches, sumOf, type Doomed } from './delete-in-batches';

export interface ExpireTokensOptions extends CleanupOptions {
  /** How long the record of a run of a cleanup task is kept. */
  readonly retentionDays: number;
}

/** Removed rows by kind. */
export interface ExpireTokensReport extends CleanupReport {
  readonly apiKeys: number;
  readonly idempotencyKeys: number;
  readonly processes: number;
  readonly leases: number;
  readonly cleanupRuns: number;
}

/** Long enough for an operator to see which key was in use before it expired. */
const keyGraceDays = 30;
/** Far above the time after which a silent process counts as dead: its row is of no use to anyone. */
const deadProcessMinutes = 60;

const doomed = {
  apiKeys: {
    table: 'api_keys',
    where: `least(expires_at, revoked_at) < now() - make_interval(days => $2)`,
    values: [keyGraceDays],
  },
  idempotencyKeys: { table: 'idempotency_keys', where: 'expires_at <= now()' },
  processes: { table: 'processes', where: `beat_at < now() - make_interval(mins => $2)`, values: [deadProcessMinutes] },
  leases: { table: 'leases', where: 'until < now()' },
} as const satisfies Record<string, Doomed>;

/** The newest run of each task stays: without it the task would count as one that has never run. */
const oldRuns = (retentionDays: number): Doomed => ({
  table: 'cleanup_runs',
  where: `state in ('done', 'failed') and created_at < now() - make_interval(days => $2)
    and exists (select from cleanup_runs newer where newer.task = cleanup_runs.task and newer.scheduled_for > cleanup_runs.scheduled_for)`,
  values: [retentionDays],
});

/**
 * Removes small rows past their time: API keys that expired or were revoked more than 30 days ago, answers kept for an
 * `Idempotency-Key` past their retention, heartbeats of processes that have been silent for an hour, leases that are over, and
 * runs of cleanup tasks past retention.
 */
export async function expireTokens(
  db: Pick<Database, 'query'>,
  { retentionDays, ...options }: ExpireTokensOptions,
): Promise<ExpireTokensReport> {
  const rows = { apiKeys: 0, idempotencyKeys: 0, processes: 0, leases: 0, cleanupRuns: 0 };
  const kinds = ['apiKeys', 'idempotencyKeys', 'processes', 'leases', 'cleanupRuns'] as const;
  const sum = await sumOf(
    kinds.map((kind) => async () => {
      const report = await deleteInBatches(db, kind === 'cleanupRuns' ? oldRuns(retentionDays) : doomed[kind], options);
      rows[kind] = report.rows;
      return report;
    }),
  );
  return { ...sum, ...rows };
}
