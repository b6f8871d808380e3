/** A job that has not ended, or that blocks its lane, with what explains why it does not move. */
export interface OpenJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: 'runnable' | 'running' | 'blocked' | 'parked' | 'ended';
  readonly outcome: string | null;
  readonly waitReason: string | null;
  /** Not before this time. */
  readonly runAt: Date;
  readonly createdAt: Date;
  /** Of a running one, since when. */
  readonly claimedAt: Date | null;
  /** It runs in a process that has died. */
  readonly isLost: boolean;
  readonly version: number | null;
  readonly attemptsUsed: number;
  /** Of its last try. */
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly responseStatus: number | null;
  readonly traceId: string | null;
}

/** SQL: an {@link OpenJob} as JSON, of `j`, a row of `jobs`; `staleMs` is a parameter such as `$2`. */
export const openJobSql = (staleMs: `$${number}`): string => `
  json_build_object('id', j.id, 'name', j.name, 'queue', j.queue, 'state', j.state, 'outcome', j.outcome,
    'waitReason', j.wait_reason, 'runAt', ${millis('j.run_at')}, 'createdAt', ${millis('j.created_at')},
    'claimedAt', ${millis('j.claimed_at')}, 'isLost', j.state = 'running' and not exists (
      select from processes p where p.id = j.claimed_by and p.beat_at > now() - make_interval(secs => ${staleMs} / 1000.0)),
    'version', j.version, 'attemptsUsed', j.attempts_used, 'errorCode', j.error_code, 'errorMessage', j.error_message,
    'responseStatus', (select a.response_status from attempts a where a.job_id = j.id order by a.number desc limit 1),
    'traceId', nullif(split_part(j.traceparent, '-', 2), ''))`;

/** JSON has no times: they travel as ms since the epoch. */
const millis = (column: string): string => `floor(extract(epoch from ${column}) * 1000)`;

/** As {@link openJobSql} gives it. */
export type OpenJobJson = Omit<OpenJob, 'runAt' | 'createdAt' | 'claimedAt'> & {
  readonly runAt: number;
  readonly createdAt: number;
  readonly claimedAt: number | null;
};

export const openJobOf = (json: OpenJobJson): OpenJob => ({
  ...json,
  runAt: new Date(json.runAt),
  createdAt: new Date(json.createdAt),
  claimedAt: json.claimedAt === null ? null : new Date(json.claimedAt),
});
