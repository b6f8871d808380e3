/** A job that is open or blocks its lane, with the facts that explain why it waits. */
export interface OpenJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: 'runnable' | 'running' | 'blocked' | 'parked' | 'ended';
  readonly outcome: string | null;
  readonly waitReason: string | null;
  /** The earliest time to run. */
  readonly runAt: Date;
  readonly createdAt: Date;
  /** For a running job, the start of its try. */
  readonly claimedAt: Date | null;
  /** The job's process has died: its heartbeat is stale. Another process will take the job over. */
  readonly isLost: boolean;
  readonly version: number | null;
  readonly attemptsUsed: number;
  /** The result of the last try. */
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly responseStatus: number | null;
  readonly traceId: string | null;
}

/**
 * SQL that builds an {@link OpenJob} as JSON from `j`, a row of `jobs`.
 *
 * @param staleMs - the parameter with the age in ms at which a heartbeat is stale, such as `$2`
 */
export const openJobSql = (staleMs: `$${number}`): string => `
  json_build_object('id', j.id, 'name', j.name, 'queue', j.queue, 'state', j.state, 'outcome', j.outcome,
    'waitReason', j.wait_reason, 'runAt', ${millis('j.run_at')}, 'createdAt', ${millis('j.created_at')},
    'claimedAt', ${millis('j.claimed_at')}, 'isLost', j.state = 'running' and not exists (
      select from processes p where p.id = j.claimed_by and p.beat_at > now() - make_interval(secs => ${staleMs} / 1000.0)),
    'version', j.version, 'attemptsUsed', j.attempts_used, 'errorCode', j.error_code, 'errorMessage', j.error_message,
    'responseStatus', (select a.response_status from attempts a where a.job_id = j.id order by a.number desc limit 1),
    'traceId', nullif(split_part(j.traceparent, '-', 2), ''))`;

/** JSON has no type for times, so they are sent as ms since the epoch. */
const millis = (column: string): string => `floor(extract(epoch from ${column}) * 1000)`;

/** The JSON of {@link openJobSql}, with times in ms since the epoch. */
export type OpenJobJson = Omit<OpenJob, 'runAt' | 'createdAt' | 'claimedAt'> & {
  readonly runAt: number;
  readonly createdAt: number;
  readonly claimedAt: number | null;
};

/** Turns the times of the JSON into dates. */
export const openJobOf = (json: OpenJobJson): OpenJob => ({
  ...json,
  runAt: new Date(json.runAt),
  createdAt: new Date(json.createdAt),
  claimedAt: json.claimedAt === null ? null : new Date(json.claimedAt),
});
