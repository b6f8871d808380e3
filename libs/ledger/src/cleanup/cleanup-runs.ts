import { cleanupTasks, type CleanupTaskName } from '@orderly/contracts';
import { newJob, type RunnableJob } from '@orderly/jobs';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Query } from '@orderly/database';
import { raiseAlerts } from '../alerts/raise-alerts';

/** A run that this call has planned, with the job that carries it out. */
export interface PlannedRun {
  readonly job: RunnableJob;
  /** Whether the task had no run before, so that nothing was missed. */
  readonly isFirst: boolean;
}

/** The result of a run and its cost. */
export interface RunRecord {
  readonly rows: number;
  readonly bytes: number;
  /** May contain JSON types only. */
  readonly detail: object;
}

/** The ledger of cleanup runs. A run has the same id as the job that carries it out. */
export interface CleanupRuns {
  /** Inserts a run with its job in one statement. Undefined if another process has planned this run. */
  plan(task: CleanupTaskName, scheduledFor: Date): Promise<PlannedRun | undefined>;
  /** As `plan`, for a run whose tick never came: in the same transaction it raises an alert, unless the task had no run before. */
  planMissed(task: CleanupTaskName, scheduledFor: Date): Promise<PlannedRun | undefined>;
  /** Inserts a run without a job, for a caller that carries it out at once. Returns the run's id. */
  open(task: CleanupTaskName): Promise<string>;
  /** Marks the run as running. False if it is already done, or has been deleted. */
  begin(runId: string): Promise<boolean>;
  finish(runId: string, record: RunRecord): Promise<void>;
  /** Marks the run as failed. Its job may begin it again. */
  fail(runId: string, detail: object): Promise<void>;
  /** Hands the run back, so that another process begins it again. */
  release(runId: string): Promise<void>;
  /** Marks runs as failed that never reported their end, because their process died or their job ended. Returns their number. */
  closeAbandoned(): Promise<number>;
}

export function createCleanupRuns(db: Pick<Database, 'query' | 'transaction'>): CleanupRuns {
  return {
    plan: (task, scheduledFor) => planRun(db.query, task, scheduledFor),

    planMissed: (task, scheduledFor) =>
      db.transaction(async (query) => {
        const planned = await planRun(query, task, scheduledFor);
        const detail = `It was due at ${scheduledFor.toISOString()}.`;
        if (planned && !planned.isFirst)
          await raiseAlerts(query, [{ cause: 'schedule-missed', subject: task, exampleId: planned.job.id, detail }]);
        return planned;
      }),

    async open(task) {
      const runId = uuidv7();
      await db.query(`insert into cleanup_runs (id, task, scheduled_for, state) values ($1, $2, clock_timestamp(), 'queued')`, [
        runId,
        task,
      ]);
      return runId;
    },

    async begin(runId) {
      const rows = await db.query(
        `update cleanup_runs set state = 'running', started_at = clock_timestamp(), ended_at = null
         where id = $1 and state <> 'done' returning id`,
        [runId],
      );
      return rows.length > 0;
    },

    async finish(runId, { rows, bytes, detail }) {
      await db.query(
        `update cleanup_runs set state = 'done', ended_at = clock_timestamp(), rows = $2, bytes = $3, detail = $4 where id = $1`,
        [runId, rows, bytes, JSON.stringify(detail)],
      );
    },

    async fail(runId, detail) {
      await db.query(
        `update cleanup_runs set state = 'failed', ended_at = clock_timestamp(), detail = $2 where id = $1 and state <> 'done'`,
        [runId, JSON.stringify(detail)],
      );
    },

    async release(runId) {
      await db.query(`update cleanup_runs set state = 'queued', started_at = null where id = $1 and state = 'running'`, [runId]);
    },

    async closeAbandoned() {
      const rows = await db.query(closeAbandonedSql, [abandonedAfterMinutes]);
      return rows.length;
    },
  };
}

async function planRun(query: Query, task: CleanupTaskName, scheduledFor: Date): Promise<PlannedRun | undefined> {
  const runId = uuidv7();
  const { name, queue, priority, payload } = newJob(cleanupTasks[task], { runId });
  const [planned] = await query<{ isFirst: boolean }>(planSql, [
    runId,
    task,
    scheduledFor,
    name,
    queue,
    priority,
    JSON.stringify(payload),
  ]);
  return planned && { job: { id: runId, name, queue, priority }, isFirst: planned.isFirst };
}

/** Longer than any run without a job may take: see the time budget of a task in cleanup-cron. */
const abandonedAfterMinutes = 60;

/**
 * $1 id of run and job, $2 task, $3 the time when it is due, $4 to $7 the job's name, queue, priority and payload. The last
 * `select` sees the table as it was before the insert.
 */
const planSql = `
  with run as (
    insert into cleanup_runs (id, task, scheduled_for, state) values ($1, $2, $3, 'queued')
    on conflict (task, scheduled_for) do nothing
    returning id
  ),
  queued as (
    insert into jobs (id, name, queue, priority, payload, state) select id, $4, $5, $6, $7, 'runnable' from run
  )
  select not exists (select from cleanup_runs where task = $2) as "isFirst" from run`;

/** $1 the age in minutes. A run whose job is still open is left alone, because the job will be tried again. */
const closeAbandonedSql = `
  update cleanup_runs r
  set state = 'failed', ended_at = now(), detail = r.detail || '{"error": "ended without a report"}'
  where r.state in ('queued', 'running')
    and coalesce(r.started_at, r.created_at) < now() - make_interval(mins => $1)
    and not exists (select from jobs j where j.id = r.id and j.state <> 'ended')
  returning r.id`;
