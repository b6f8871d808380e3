import { sendAlert, type AlertCause, type AlertChannel } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { newJob, runnableOf, type NewJob, type RunnableJob } from '@orderly/jobs';

export interface OpenAlertsOptions {
  /** The channels that operators have set up. Without any, occurrences are taken off the list and nobody is told. */
  readonly channels: readonly AlertChannel[];
  /** After an alert, later occurrences of its fingerprint are counted for so long, in ms; then one alert tells their number. */
  readonly windowMs: number;
}

/** An alert that is being sent, and the jobs that send it: one per channel. */
export interface OpenedAlert {
  readonly cause: AlertCause;
  readonly jobs: readonly RunnableJob[];
}

/** Most alerts of one transaction. The rest follow at the next call. */
const maxAlerts = 100;

/**
 * Turns what {@link raiseAlerts} has noted into jobs, for each fingerprint whose window is over. Several processes may call it at
 * the same time: each alert is opened by one of them.
 */
export async function openAlerts(db: Database, { channels, windowMs }: OpenAlertsOptions): Promise<OpenedAlert[]> {
  // Nearly always there is nothing to tell, and a look costs no transaction.
  const [{ isDue } = { isDue: false }] = await db.query<{ isDue: boolean }>(`select exists (${dueSql}) as "isDue"`, [windowMs]);
  if (!isDue) return [];
  return db.transaction(async (query) => {
    const due = await query<DueAlert>(`${dueSql} order by fingerprint limit ${maxAlerts} for update skip locked`, [windowMs]);
    const alerts = due.map((alert) => ({ ...alert, jobs: channels.map((channel) => jobOf(alert, channel)) }));
    await query(tellSql, [due.map(({ fingerprint }) => fingerprint), JSON.stringify(alerts.flatMap(({ jobs }) => jobs))]);
    return alerts.map(({ cause, jobs }) => ({ cause, jobs: jobs.map(runnableOf) }));
  });
}

type DueAlert = {
  fingerprint: string;
  cause: AlertCause;
  subject: string;
  pending: number;
  first_at: Date;
  last_at: Date;
  code: string | null;
  example_id: string | null;
  detail: string | null;
  told_at: Date | null;
};

const jobOf = ({ cause, subject, pending, ...alert }: DueAlert, channel: AlertChannel): NewJob =>
  newJob(sendAlert, {
    ...{ channel, cause, count: pending },
    // A text that is too long must not keep the other alerts back.
    subject: subject.slice(0, 400),
    firstAt: alert.first_at.toISOString(),
    lastAt: alert.last_at.toISOString(),
    previousAt: alert.told_at?.toISOString(),
    code: alert.code ?? undefined,
    exampleId: alert.example_id ?? undefined,
    detail: alert.detail?.slice(0, 500),
  });

/** $1 the window, in ms. The table has a row per fingerprint, so it is small. */
const dueSql = `
  select * from alert_windows
  where pending > 0 and (told_at is null or told_at <= now() - make_interval(secs => $1::float8 / 1000))`;

/** $1 the fingerprints that are told now, $2 the jobs that tell them (JSON). */
const tellSql = `
  with told as (
    update alert_windows set pending = 0, told_at = now() where fingerprint = any($1)
  )
  insert into jobs (id, name, queue, priority, payload, state)
  select id, name, queue, priority, payload, 'runnable'
  from jsonb_to_recordset($2::jsonb) as j(id uuid, name text, queue text, priority smallint, payload jsonb)`;
