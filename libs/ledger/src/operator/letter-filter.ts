/** Chooses dead letters. A letter is chosen if all given filters match. */
export interface LetterFilter {
  readonly fingerprint?: string;
  /** The error code. */
  readonly code?: string;
  /** The type of the job, such as `sync-order`. */
  readonly job?: string;
  readonly destination?: string;
  readonly orderId?: string;
  readonly ids?: readonly string[];
  /** ISO; compared with the time at which the letter died. Inclusive. */
  readonly since?: string;
  /** ISO. Exclusive. */
  readonly until?: string;
}

/** The part of the chosen letters that a statement reads. */
export interface LetterPage {
  /** The id after which the walk goes on. */
  readonly after?: string | null;
  /** Letters that died later are left out, so that a redrive never meets the letters that it caused. ISO, or a date. */
  readonly diedBefore?: Date;
  /** Fingerprints that are left out. */
  readonly without?: readonly string[];
  /** The most letters that the walk examines. Bounds the statement if few letters match. */
  readonly maxWalked: number;
}

/**
 * SQL of a walk through dead letters in the order of their ids: `walked` holds the examined jobs, `letters` those that match. Each
 * kind of filter has its own index: ids, order, fingerprint, or all dead letters.
 *
 * @returns two common table expressions, without `with`, and their values from `$1`
 */
export function lettersSql(filter: LetterFilter, page: LetterPage): { readonly text: string; readonly values: unknown[] } {
  const values: unknown[] = [];
  const add = (value: unknown): string => `$${values.push(value)}`;
  const after = add(page.after ?? '00000000-0000-0000-0000-000000000000');
  const walk = (condition: string): string => `${condition} and id > ${after}::uuid order by id limit ${add(page.maxWalked)}`;
  const conditions = [
    `outcome || '' = 'dead'`,
    `id > ${after}::uuid`,
    filter.fingerprint !== undefined && `fingerprint = ${add(filter.fingerprint)}`,
    filter.code !== undefined && `error_code = ${add(filter.code)}`,
    filter.job !== undefined && `name = ${add(filter.job)}`,
    filter.destination !== undefined && `destination = ${add(filter.destination)}`,
    filter.orderId !== undefined && `order_id = ${add(filter.orderId)}`,
    filter.ids !== undefined && `id = any(${add(filter.ids)}::uuid[])`,
    filter.since !== undefined && `ended_at >= ${add(new Date(filter.since))}::timestamptz`,
    filter.until !== undefined && `ended_at < ${add(new Date(filter.until))}::timestamptz`,
    page.diedBefore !== undefined && `ended_at <= ${add(page.diedBefore)}`,
    page.without !== undefined && page.without.length > 0 && `fingerprint <> all(${add(page.without)}::text[])`,
  ].filter((condition) => condition !== false);
  // Times are passed as dates: PostgreSQL refuses offsets of 16 hours and more, which ISO 8601 allows.
  // Fenced off by `offset 0` or `limit`: found by these keys, whatever the planner believes about the others.
  const source =
    filter.ids !== undefined
      ? `select * from jobs where id = any(${add(filter.ids)}::uuid[]) and id > ${after}::uuid offset 0`
      : filter.orderId !== undefined
        ? `select * from jobs where order_id = ${add(filter.orderId)} and id > ${after}::uuid offset 0`
        : filter.fingerprint !== undefined
          ? // Only dead letters have a fingerprint.
            `select * from jobs where ${walk(`fingerprint = ${add(filter.fingerprint)} and fingerprint is not null`)}`
          : `select * from jobs where ${walk(`outcome = 'dead' and outcome is not null`)}`;
  const text = `
    walked as (select * from (${source}) as found),
    letters as (select * from walked where ${conditions.join(' and ')} order by id)`;
  return { text, values };
}
