import type { AlertCause } from '@orderly/contracts';
import type { Query } from '@orderly/database';

/** Something that operators have to know. All texts must be storable, and free of personal data and secrets. */
export interface Alert {
  readonly cause: AlertCause;
  /** What it is about, such as a destination. Per cause and subject, one alert is sent in a window. */
  readonly subject: string;
  /** @defaultValue 1 */
  readonly count?: number;
  /** The error code, where there is one. */
  readonly code?: string;
  /** A job that shows what happened. */
  readonly exampleId?: string;
  /** More facts, as one English sentence of at most 500 characters. */
  readonly detail?: string;
}

export interface RaiseOptions {
  /**
   * For a state that several processes see at every look: an occurrence within so long of the last one is not counted, in ms.
   * @defaultValue 0
   */
  readonly quietMs?: number;
}

/**
 * Notes what operators are to be told. notification-worker sends it, and keeps to one alert per window. With the `query` of a
 * transaction, the alerts exist only if it commits. Call it once per transaction and last: it locks a row per fingerprint, in
 * their order, until the end.
 */
export async function raiseAlerts(query: Query, alerts: readonly Alert[], { quietMs = 0 }: RaiseOptions = {}): Promise<void> {
  if (alerts.length > 0) await query(raiseSql, [JSON.stringify(rowsOf(alerts)), quietMs]);
}

/** One row per fingerprint, because a statement may touch a row only once. */
function rowsOf(alerts: readonly Alert[]): object[] {
  const byFingerprint = Map.groupBy(alerts, ({ cause, subject }) => `${cause}:${subject}`);
  return [...byFingerprint].map(([fingerprint, equal]) => ({
    ...equal[0],
    fingerprint,
    example_id: equal[0]?.exampleId,
    count: equal.reduce((sum, { count = 1 }) => sum + count, 0),
  }));
}

/** $1 alerts (JSON), $2 how long an occurrence hides later ones, in ms. The facts are those of the first untold occurrence. */
const raiseSql = `
  insert into alert_windows as w (fingerprint, cause, subject, pending, first_at, last_at, code, example_id, detail)
  select fingerprint, cause, subject, count, now(), now(), code, example_id, detail
  from jsonb_to_recordset($1::jsonb) as a(
    fingerprint text, cause text, subject text, count integer, code text, example_id uuid, detail text)
  order by fingerprint
  on conflict (fingerprint) do update set
    pending = w.pending + excluded.pending,
    first_at = case when w.pending = 0 then excluded.first_at else w.first_at end,
    last_at = greatest(w.last_at, excluded.last_at),
    code = case when w.pending = 0 then excluded.code else w.code end,
    example_id = case when w.pending = 0 then excluded.example_id else w.example_id end,
    detail = case when w.pending = 0 then excluded.detail else w.detail end
  where $2::float8 = 0 or w.last_at <= now() - make_interval(secs => $2 / 1000)`;
