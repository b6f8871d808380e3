import { createHash } from 'node:crypto';
import { type Database, type Query, retried } from '@orderly/database';

/** A request that carries an `Idempotency-Key`. */
export interface KeyedRequest {
  /** Whose key it is, and for which call. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of what the request asks for: distinguishes a repeated request from a different one under the same key. */
  readonly fingerprint: Buffer;
  /** How long its answer is kept. */
  readonly retentionHours: number;
}

/** The answer to a request, as it is sent and as it is kept. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** The headers of the answer itself, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The result of a request's work. */
export interface Executed<Value> {
  readonly answer: Answer;
  /** Facts for the caller, valid once the work is committed. */
  readonly value: Value;
}

/** The result of a request. */
export type OnceResult<Value> =
  /** Its work was done now; work and answer are committed. */
  | { readonly status: 'done'; readonly answer: Answer; readonly value: Value }
  /** Its work was done before: this is the answer that was kept. */
  | { readonly status: 'replayed'; readonly answer: Answer }
  /** Another request was answered under this key. */
  | { readonly status: 'reused' }
  /** A request with this key is being worked on at this moment. */
  | { readonly status: 'in-progress' };

/**
 * Does the work of a request and keeps its answer in one transaction, unless an answer is kept already.
 *
 * A lock that ends with the transaction marks the request as being worked on. A process that dies leaves neither work nor answer,
 * and nothing that must be cleared before the request can be sent again.
 *
 * @param key - undefined for a request without one, whose answer is not kept
 * @param work - must do everything through the `query` that it is given; may run again, so it does nothing else
 */
export async function runOnce<Value>(
  db: Pick<Database, 'transaction'>,
  key: KeyedRequest | undefined,
  work: (query: Query) => Promise<Executed<Value>>,
): Promise<OnceResult<Value>> {
  if (key === undefined) return { status: 'done', ...(await retried(() => db.transaction(work))) };
  const [result] = await retried(() => runEachOnce(db, [{ key }], async (query) => [await work(query)]));
  return result as OnceResult<Value>;
}

/**
 * {@link runOnce} for many requests in one transaction, which is not tried again. Requests without a key may be among them; their
 * work is always done.
 *
 * @param work - is given the requests whose work is to be done, and returns what each came to, in their order
 * @returns what became of each, in the order of `items`
 */
export async function runEachOnce<Item extends { readonly key?: KeyedRequest }, Value>(
  db: Pick<Database, 'transaction'>,
  items: readonly Item[],
  work: (query: Query, items: readonly Item[]) => Promise<readonly Executed<Value>[]>,
): Promise<OnceResult<Value>[]> {
  const keyed = items.flatMap((item) => (item.key === undefined ? [] : [{ item, key: item.key }]));
  // If several requests share a key, only the first runs: advisory locks are re-entrant.
  const firsts = [...Map.groupBy(keyed, ({ key }) => identityOf(key)).values()].flatMap(([first]) => first ?? []);
  const done = new Map<Item, Executed<Value>>();
  const kept = await db.transaction(async (query) => {
    const locked = new Set((await lock(query, firsts)).map(({ item }) => item));
    // A statement of its own: it sees what was committed before the lock was given up.
    const found = await find(query, firsts);
    const fresh = items.filter((item) => item.key === undefined || (locked.has(item) && !found.has(identityOf(item.key))));
    if (fresh.length === 0) return found;
    const executed = await work(query, fresh);
    fresh.forEach((item, index) => done.set(item, executed[index] as Executed<Value>));
    await keep(
      query,
      keyed.flatMap(({ item, key }) => (done.has(item) ? [{ ...key, ...(done.get(item) as Executed<Value>).answer }] : [])),
    );
    return found;
  });
  for (const { item, key } of keyed) {
    const answer = done.get(item)?.answer;
    if (answer !== undefined) kept.set(identityOf(key), { fingerprint: key.fingerprint, answer });
  }

  return items.map((item): OnceResult<Value> => {
    const executed = done.get(item);
    if (executed !== undefined) return { status: 'done', ...executed };
    const known = item.key && kept.get(identityOf(item.key));
    if (known === undefined) return { status: 'in-progress' };
    return item.key && known.fingerprint.equals(item.key.fingerprint)
      ? { status: 'replayed', answer: known.answer }
      : { status: 'reused' };
  });
}

interface Kept {
  readonly fingerprint: Buffer;
  readonly answer: Answer;
}

type Keyed = { readonly key: KeyedRequest };

/** The locks are tried and never waited for, so their order does not matter. */
async function lock<Item extends Keyed>(query: Query, items: readonly Item[]): Promise<Item[]> {
  const rows = await query<{ position: number; locked: boolean }>(
    `select position, pg_try_advisory_xact_lock(lock) as locked
     from unnest($1::bigint[]) with ordinality as wanted (lock, position)`,
    [items.map(({ key }) => lockOf(key))],
  );
  const positions = new Set(rows.filter(({ locked }) => locked).map(({ position }) => position));
  return items.filter((_, index) => positions.has(index + 1));
}

async function find(query: Query, items: readonly Keyed[]): Promise<Map<string, Kept>> {
  const rows = await query<KeyedRequest & Answer>(
    `select scope, key, fingerprint, status, headers, body
     from unnest($1::text[], $2::text[]) as wanted (scope, key) join idempotency_keys using (scope, key)
     where expires_at > now()`,
    [items.map(({ key }) => key.scope), items.map(({ key }) => key.key)],
  );
  return new Map(
    rows.map(({ fingerprint, status, headers, body, ...name }) => [
      identityOf(name),
      { fingerprint, answer: { status, headers, body } },
    ]),
  );
}

async function keep(query: Query, rows: readonly (KeyedRequest & Answer)[]): Promise<void> {
  const kept = await query(
    `insert into idempotency_keys (scope, key, fingerprint, status, headers, body, expires_at)
     select scope, key, fingerprint, status, headers, body, now() + make_interval(hours => hours)
     from unnest($1::text[], $2::text[], $3::bytea[], $4::smallint[], $5::jsonb[], $6::text[], $7::integer[])
       as fresh (scope, key, fingerprint, status, headers, body, hours)
     on conflict (scope, key) do update set
       fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers, body = excluded.body,
       created_at = excluded.created_at, expires_at = excluded.expires_at
     where idempotency_keys.expires_at <= now()
     returning 1`,
    [
      rows.map(({ scope }) => scope),
      rows.map(({ key }) => key),
      rows.map(({ fingerprint }) => fingerprint),
      rows.map(({ status }) => status),
      rows.map(({ headers }) => JSON.stringify(headers)),
      rows.map(({ body }) => body),
      rows.map(({ retentionHours }) => retentionHours),
    ],
  );
  if (kept.length !== rows.length) throw new Error('An answer was kept under a key that was locked');
}

const identityOf = ({ scope, key }: Pick<KeyedRequest, 'scope' | 'key'>): string => JSON.stringify([scope, key]);

/** Advisory locks are 64-bit numbers. If two keys ever share one, one of them is answered 409. */
const lockOf = (request: KeyedRequest): string =>
  createHash('sha256').update(identityOf(request)).digest().readBigInt64BE().toString();
