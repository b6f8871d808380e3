import type { ClaimedJob } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { createIntake, createSweepLedger, readOldestWaits } from '../../src/index';
import { acceptEvents } from '../../src/intake/accept-events';
import { applyOrderEvents } from '../../src/orders/apply-order-events';
import { claimJobs } from '../../src/jobs/claim-jobs';
import { readDueJobs } from '../../src/jobs/read-due-jobs';
import { firstUnapplied } from '../../src/orders/read-orders';
import { settleJobs } from '../../src/jobs/settle-jobs';
import {
  acceptAll,
  buildEvent,
  createLedgerDatabase,
  followUpsTo,
  planWith,
  settlementOf,
  startProcess,
  testActor,
  statusEvent,
  type LedgerDatabase,
} from '../../src/testing';

/** The statements of each action of a worker, with the number of their parameters. */
type Statements = Readonly<Record<string, ReadonlyMap<string, number>>>;

let first: LedgerDatabase;
let statements: Statements;

beforeAll(async () => {
  first = await createLedgerDatabase();
  statements = await recordStatements(first.db);
});
afterAll(() => first.close());

/** Runs every action once, and records its statements. */
async function recordStatements(db: Database): Promise<Statements> {
  const processId = await startProcess(db);
  const recorded: Record<string, Map<string, number>> = {};
  const recorderOf = (what: string): Database => {
    const texts = (recorded[what] ??= new Map<string, number>());
    const note =
      (query: Database['query']): Database['query'] =>
      (text, values) => {
        texts.set(text, values?.length ?? 0);
        return query(text, values);
      };
    return { ...db, query: note(db.query), transaction: (work) => db.transaction((query) => work(note(query))) };
  };

  const ids = await acceptAll(db, [{ orderId: 'o-1' }, statusEvent('o-1', 'confirmed'), { orderId: 'o-2' }, { orderId: 'o-3' }]);
  await firstUnapplied(recorderOf('load and apply'), ids[0] as string);
  await readDueJobs(recorderOf('load and apply'), ids, 'order-status');
  await applyOrderEvents(
    recorderOf('load and apply'),
    [ids[0], ids[2]].map((jobId = '') => ({ jobId })),
    { plan: planWith({ followUps: followUpsTo('erp') }), processId },
  );

  const heads = await db.query<{ id: string }>(`select id from jobs where state = 'runnable' and destination = 'erp'`);
  const requests = heads.map(({ id }) => ({ id, token: id }));
  const options = { queue: 'order-sync.erp', destination: 'erp', sendsNewest: true, processId };
  await claimJobs(recorderOf('claim and settle'), requests, { ...options, sendsMessages: true });
  const claims = await claimJobs(recorderOf('claim and settle'), requests, { ...options, sendsMessages: false });
  const jobs = claims.flatMap((claim): ClaimedJob[] => (claim.kind === 'claimed' ? [claim.job] : []));
  const settlements = jobs.map((job) => settlementOf(job, undefined, { laneStep: 'newest', message: { state: 'sent' } }));
  await settleJobs(recorderOf('claim and settle'), settlements, processId);
  await settleJobs(recorderOf('claim and settle'), settlements, processId);

  const [event] = (await readDueJobs(db, [ids[3] as string], 'order-status')).flatMap((found) =>
    found.kind === 'due' ? [found.job] : [],
  );
  await settleJobs(
    recorderOf('give an event up'),
    [settlementOf(event!, { kind: 'dead', code: 'job-failed', message: 'no', fingerprint: 'job-failed:apply-order-event' })],
    processId,
  );

  const sweep = createSweepLedger(recorderOf('sweep'), processId);
  await sweep.duePage('order-sync.erp', null, 1000, 0);
  await sweep.freshlyDue('order-sync.erp', 10_000, 1000);
  await sweep.lost('order-sync.erp', 1000);
  await sweep.repairLanes('order-sync.erp', 1000);
  await readOldestWaits(recorderOf('sweep'), ['order-sync.erp']);
  return recorded;
}

type PlanNode = {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PlanNode[];
};

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** The access paths of each statement to the growing tables, if it is planned now for all values. */
async function accessesOf(db: Database, texts: ReadonlyMap<string, number>): Promise<string[]> {
  const accesses: string[] = [];
  for (const [text, count] of texts) {
    await db.transaction(async (query) => {
      await query(`prepare planned as ${text}`);
      const nulls = count > 0 ? `(${Array.from({ length: count }, () => 'null').join(', ')})` : '';
      const [row] = await query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`explain (format json) execute planned${nulls}`);
      await query('deallocate planned');
      for (const node of nodesOf(row!['QUERY PLAN'][0]!.Plan)) {
        if (node['Node Type'] === 'Seq Scan') accesses.push(`all of ${node['Relation Name']}`);
        if (node['Index Name']) accesses.push(`${node['Index Name']} ${node['Index Cond'] ?? 'from end to end'}`);
      }
    });
  }
  return accesses.filter((access) => !/\b(holds|processes|leases)(_|\b)/.test(access));
}

const answer = () => ({ status: 202, headers: {}, body: '' });

/** Rows of `count` orders, without statistics. */
const fillSql = (count: number): string => `
  insert into orders (order_id, status, version, data)
    select 'o-' || n, 'pending', 2, '{"customer":{"id":"c"}}' from generate_series(1, ${count}) n;
  insert into order_changes (order_id, version, to_status, occurred_at, event_id, data)
    select 'o-' || n, 1, 'pending', now(), gen_random_uuid(), '{"customer":{"id":"c"}}' from generate_series(1, ${count}) n;
  create temporary table ids as
    select n, overlay(overlay(uuid_floor(now())::text placing '7' from 15 for 1) placing lpad(to_hex(n), 12, '0') from 25)::uuid as id
    from generate_series(1, ${count * 3}) n;
  insert into events (event_id, source, id, type, order_id, occurred_at, data)
    select id, 's', n::text, 'order.updated', 'o-' || n % ${count}, now(), '{"totalMinor":1}' from ids;
  insert into event_keys (source, id, event_id, order_id, body_hash) select 's', n::text, id, 'o-' || n % ${count}, '' from ids;
  insert into jobs (id, name, queue, priority, payload, state, order_id, destination, version)
    select id, 'sync-order', 'order-sync.erp', 3, '{}', case when n % 3 = 0 then 'runnable' else 'blocked' end,
      'o-' || n / 3, 'erp', n % 3 + 1
    from ids;
  insert into messages (id, order_id, version, kind, channel, state) select id, 'o-' || n, 1, 'created', 'email', 'sent' from ids;
  insert into lanes (order_id, destination, head) select order_id, destination, id from jobs where state = 'runnable';
  insert into attempts (job_id, number, started_at, outcome, used_attempt) select id, 1, now(), 'done', true from ids;
  insert into idempotency_keys (scope, key, fingerprint, status, body, expires_at) select 's', n::text, '', 202, '', now() + interval '1 day' from ids;
  drop table ids`;

/** Analyses as autovacuum does, which skips tables without writes. */
const analyseFilledSql = `
  do $$ declare t regclass; begin
    for t in select c.oid from pg_class c join pg_stat_user_tables s on s.relid = c.oid where c.relkind = 'r' and pg_relation_size(c.oid) > 0
    loop execute 'analyze ' || t; end loop;
  end $$`;

describe.each<[string, (db: Database) => Promise<unknown>]>([
  ['empty and has never been analysed', async () => undefined],
  ['full and has never been analysed', (db) => db.query(fillSql(10_000))],
  ['small, as it was when it was analysed', (db) => db.query(`${fillSql(20)}; ${analyseFilledSql}`)],
])('while a ledger is %s', (_, fill) => {
  let ledger: LedgerDatabase;

  beforeAll(async () => {
    ledger = await createLedgerDatabase();
    await fill(ledger.db);
  });
  afterAll(() => ledger.close());

  it.each(['load and apply', 'claim and settle', 'give an event up'])('%s reads by keys only', async (what) => {
    const accesses = await accessesOf(ledger.db, statements[what] as ReadonlyMap<string, number>);
    expect(accesses.length).toBeGreaterThan(0);
    const byKey = /^(\w+_pkey|jobs_\w+_order_id_destination_version_idx) (?!from end)/;
    expect(accesses.filter((access) => !byKey.test(access))).toEqual([]);
  });

  it('the sweep reads by keys, and by the indexes of current work', async () => {
    const accesses = await accessesOf(ledger.db, statements['sweep'] as ReadonlyMap<string, number>);
    const byIndex =
      /^(\w+_pkey|jobs_\w+_order_id_destination_version_idx|lanes_open|jobs_\w+_queue_run_at_id_idx|jobs_\w+_queue_state_id_priority_idx) (?!from end)|^jobs_\w+_claimed_by_idx /;
    expect(accesses.filter((access) => !byIndex.test(access))).toEqual([]);
  });
});

describe('while a ledger is full and has never been analysed', () => {
  let ledger: LedgerDatabase;

  beforeAll(async () => {
    ledger = await createLedgerDatabase();
    await ledger.db.query(fillSql(10_000));
  });
  afterAll(() => ledger.close());

  /** The plans of the gateway, which plans each statement for its values. */
  const accessesBy = async (work: (db: Database) => Promise<unknown>): Promise<string[]> => {
    const accesses: string[] = [];
    const plain = ledger.connect(2, { preparesStatements: false });
    const note =
      (query: Database['query']): Database['query'] =>
      async (text, values) => {
        const [row] = await query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`explain (format json) ${text}`, values);
        for (const node of nodesOf(row!['QUERY PLAN'][0]!.Plan)) {
          if (node['Node Type'] === 'Seq Scan') accesses.push(`all of ${node['Relation Name']}`);
        }
        return query(text, values);
      };
    await work({ ...plain, query: note(plain.query), transaction: (run) => plain.transaction((query) => run(note(query))) });
    return accesses;
  };

  it.each([1, 20])('the intake of %i new and known events reads by keys only', async (count) => {
    const actor = { actor: testActor, batch: null, traceparent: null, tracestate: null, bodyHash: Buffer.alloc(32) };
    const events = Array.from({ length: count }, (__, n) => ({ ...actor, event: buildEvent({ id: `${n + 1}`, source: 's' }) }));
    expect(await accessesBy((db) => acceptEvents(db, events))).toEqual([]);
    expect(await accessesBy((db) => createIntake(db).take({ events, answer }))).toEqual([]);
  });

  it('the intake under an Idempotency-Key reads by keys only', async () => {
    const event = { actor: testActor, batch: null, traceparent: null, tracestate: null, bodyHash: Buffer.alloc(32) };
    const accesses = await accessesBy(async (db) => {
      const intake = createIntake(db);
      await Promise.all(
        Array.from({ length: 200 }, (__, n) =>
          intake.take({
            key: { scope: 's', key: `${n}-new`, fingerprint: Buffer.alloc(32), retentionHours: 24 },
            events: [{ ...event, event: buildEvent({ id: `${n}-new` }) }],
            answer,
          }),
        ),
      );
    });
    expect(accesses).toEqual([]);
  });
});
