import type { Database, Query } from '@orderly/database';
import type { RunnableJob } from '@orderly/jobs';
import { lettersSql, type LetterFilter } from './letter-filter';
import { reopenLetters } from './reopen-letters';

/** The result of one step. */
export interface OperationStep {
  /** False: no operation is due. */
  readonly worked: boolean;
  /** Jobs that may run now: the relay's work. */
  readonly runnable: readonly RunnableJob[];
}

/** Steps per second, so that a redrive is even and each of its transactions is short. */
const stepsPerSecond = 8;
/** The most letters of one step. */
const maxPerStep = 500;
/** The most dead letters that are examined to find the canaries of one fingerprint. */
const maxWalked = 5000;
/** How many dead letters one step examines per letter that it may send: a filter that matches few of them takes more steps. */
const walkedPerLetter = 4;
/** The fewest dead letters that one step examines. */
const minWalked = 500;
/** A process that could not work for longer than this does not catch up, in seconds: a redrive keeps its pace. */
const maxBehindSeconds = 1;
/** How often the ends of canaries are looked for, in seconds. */
const canaryCheckSeconds = 0.5;
/** The most fingerprints that get canaries. */
const maxFingerprints = 200;

/**
 * Carries out the next step of one operation, in one transaction. The row's lock lets one process work on it at a time. A process
 * that dies in between leaves no half step: its locks end, and another one does the step again.
 */
export async function carryOutStep(db: Pick<Database, 'transaction'>): Promise<OperationStep> {
  return db.transaction(async (query) => {
    const [operation] = await query<OperationRow>(
      `select id, phase, filter, per_second, first, canaries, held_back, position, reason, actor, api_key_id, on_behalf_of, trace_id,
         created_at
       from operations where state = 'running' and next_at <= now()
       order by next_at limit 1 for update skip locked`,
    );
    if (operation === undefined) return { worked: false, runnable: [] };
    const runnable = await stepOf[operation.phase](query, operation);
    return { worked: true, runnable };
  });
}

type OperationRow = {
  id: string;
  phase: 'canaries' | 'waiting' | 'rest';
  filter: LetterFilter;
  per_second: number;
  first: number | null;
  canaries: Canary[] | null;
  held_back: string[];
  position: string | null;
  reason: string | null;
  actor: string;
  api_key_id: string | null;
  on_behalf_of: string | null;
  trace_id: string | null;
  created_at: Date;
};

type Canary = { readonly id: string; readonly fingerprint: string };

const stepOf: Readonly<
  Record<OperationRow['phase'], (query: Query, operation: OperationRow) => Promise<readonly RunnableJob[]>>
> = {
  canaries: sendCanaries,
  waiting: awaitCanaries,
  rest: sendRest,
};

const pageOf = ({ per_second: perSecond }: OperationRow): number =>
  Math.min(Math.max(Math.ceil(perSecond / stepsPerSecond), 1), maxPerStep);

/** Chooses the canaries at the first step, and sends the next of them at each. */
async function sendCanaries(query: Query, operation: OperationRow): Promise<readonly RunnableJob[]> {
  const canaries = operation.canaries ?? (await chooseCanaries(query, operation));
  const done = canaries.findIndex(({ id }) => id === operation.position) + 1;
  const page = canaries.slice(done, done + pageOf(operation)).map(({ id }) => id);
  const isLast = done + page.length >= canaries.length;
  const runnable = await send(query, operation, page);
  await query(`update operations set canaries = $2, phase = $3, position = $4 where id = $1`, [
    operation.id,
    JSON.stringify(canaries),
    isLast ? 'waiting' : 'canaries',
    isLast ? null : page.at(-1),
  ]);
  return runnable;
}

/** The oldest letters of each fingerprint. A recursion jumps from one fingerprint to the next in the index. */
async function chooseCanaries(query: Query, { filter, first, created_at: diedBefore }: OperationRow): Promise<Canary[]> {
  const fingerprints = await query<{ fingerprint: string }>(`
    with recursive known as (
      (select fingerprint from jobs where fingerprint is not null order by fingerprint limit 1)
      union all
      select (select j.fingerprint from jobs j where j.fingerprint is not null and j.fingerprint > k.fingerprint order by j.fingerprint limit 1)
      from known k where k.fingerprint is not null
    )
    select fingerprint from known where fingerprint is not null limit ${maxFingerprints}`);
  const wanted = fingerprints.filter(({ fingerprint }) => filter.fingerprint === undefined || filter.fingerprint === fingerprint);
  const canaries: Canary[] = [];
  for (const { fingerprint } of wanted) {
    const { text, values } = lettersSql({ ...filter, fingerprint }, { diedBefore, maxWalked });
    canaries.push(...(await query<Canary>(`with ${text} select id, fingerprint from letters limit ${first ?? 0}`, values)));
  }
  return canaries;
}

/** Waits until all canaries have ended, and holds back the fingerprints of those that failed. */
async function awaitCanaries(query: Query, { id, canaries }: OperationRow): Promise<readonly RunnableJob[]> {
  const sent = canaries ?? [];
  const ids = sent.map((canary) => canary.id);
  const rows = await query<{ id: string; outcome: string | null }>(
    `select id, outcome from (select * from jobs where id = any($1::uuid[]) offset 0) as j`,
    [ids],
  );
  if (rows.some(({ outcome }) => outcome === null)) {
    await query(`update operations set next_at = now() + make_interval(secs => ${canaryCheckSeconds}) where id = $1`, [id]);
    return [];
  }
  const failed = new Set(rows.filter(({ outcome }) => failedOutcomes.has(outcome ?? '')).map((row) => row.id));
  const heldBack = new Set(sent.filter((canary) => failed.has(canary.id)).map(({ fingerprint }) => fingerprint));
  await query(`update operations set phase = 'rest', position = null, held_back = $2 where id = $1`, [id, [...heldBack]]);
  return [];
}

const failedOutcomes: ReadonlySet<string> = new Set(['dead', 'unknown', 'discarded']);

/** Sends the next letters of the walk. */
async function sendRest(query: Query, operation: OperationRow): Promise<readonly RunnableJob[]> {
  const { id, filter, position, held_back: without, created_at: diedBefore } = operation;
  const count = pageOf(operation);
  const toWalk = Math.max(count * walkedPerLetter, minWalked);
  const { text, values } = lettersSql(filter, { after: position, diedBefore, without, maxWalked: toWalk });
  const [page] = await query<{ ids: string[] | null; walked: number; last: string | null }>(
    `with ${text}
     select (select array_agg(id order by id) from (select id from letters limit ${count}) as page) as ids,
       (select count(*) from walked) as walked, (select id from walked order by id desc limit 1) as last`,
    values,
  );
  const ids = page?.ids ?? [];
  const isFull = ids.length === count;
  const isCut = (page?.walked ?? 0) >= toWalk;
  const runnable = await send(query, operation, ids);
  if (isFull || isCut) {
    await query(`update operations set position = $2 where id = $1`, [id, isFull ? ids.at(-1) : page?.last]);
  } else {
    await query(`update operations set state = 'done', ended_at = now() where id = $1`, [id]);
  }
  return runnable;
}

/** Sends letters, counts them, and says when the next step is due. */
async function send(query: Query, operation: OperationRow, ids: readonly string[]): Promise<readonly RunnableJob[]> {
  const { counts, runnable } = await reopenLetters(query, ids, {
    action: 'job.redriven',
    actor: { name: operation.actor, apiKeyId: operation.api_key_id, onBehalfOf: operation.on_behalf_of },
    reason: operation.reason,
    traceId: operation.trace_id,
    operationId: operation.id,
  });
  await query(
    `update operations
     set sent = sent + $2, superseded = superseded + $3, skipped = skipped + $4,
       next_at = greatest(next_at, now() - make_interval(secs => ${maxBehindSeconds})) + make_interval(secs => $2::float8 / per_second)
     where id = $1`,
    [operation.id, counts.sent, counts.superseded, counts.skipped],
  );
  return runnable;
}
