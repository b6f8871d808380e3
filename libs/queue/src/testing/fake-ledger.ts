import type {
  ClaimedJob,
  ClaimRequest,
  ClaimResult,
  DueJob,
  Ledger,
  ReadResult,
  Settlement,
  SettleResult,
  Verdict,
} from '@orderly/jobs';
import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

/** A job as a test puts it into a ledger. */
export interface LedgerJobInput {
  readonly name?: string;
  readonly payload?: unknown;
  readonly attemptsUsed?: number;
  readonly crashes?: number;
  /** @defaultValue 0: due now */
  readonly dueInMs?: number;
  readonly traceparent?: string;
}

/** A job as a test reads it from a ledger. */
export interface LedgerJobState {
  readonly state: 'runnable' | 'running' | 'ended';
  readonly waitReason: string | null;
  readonly outcome: string | null;
  readonly errorCode: string | null;
  readonly fingerprint: string | null;
  readonly attemptsUsed: number;
  readonly tries: number;
  readonly crashes: number;
  readonly dueInMs: number;
}

/** A ledger, and how a test changes it behind a worker's back. The fake and the real ledger both implement it. */
export interface LedgerHarness {
  /** The ledger of the queue `order-sync.erp` and the destination `erp`. */
  readonly ledger: Ledger;
  insert(job?: LedgerJobInput): Promise<string>;
  read(jobId: string): Promise<LedgerJobState>;
  attempts(jobId: string): Promise<{ number: number; outcome: string; usedAttempt: boolean }[]>;
  /** Lets the process that claimed the job appear dead: makes its heartbeat stale. */
  killClaimant(jobId: string): Promise<void>;
  close(): Promise<void>;
}

/** A ledger in memory, which remembers its settlements and can refuse them. */
export interface FakeLedger extends LedgerHarness {
  readonly settlements: Settlement[];
  /** Makes matching settlements fail, as the real ledger fails if a column cannot hold a value. */
  refuse(isRefused: (settlement: Settlement) => boolean): void;
  /** Makes the next claims wait until the returned function is called. */
  pauseClaims(): () => void;
  /** All claims that it holds, as if they were those of one process. */
  running(): ClaimedJob[];
}

type Row = Omit<LedgerJobInput, keyof LedgerJobState> & {
  -readonly [Key in keyof LedgerJobState]: LedgerJobState[Key];
} & { id: string; runAt: number; token: string | null; isClaimantDead: boolean; isInDoubt: boolean };

const fakeQueue = 'order-sync.erp';
/** The delay of a delivery that meets a live claim, in ms, as in the real ledger. */
const claimedElsewhereMs = 5000;

/** Creates a ledger in memory. `describeLedger` checks that it behaves like the real one. */
export function createFakeLedger(): FakeLedger {
  const rows = new Map<string, Row>();
  const logs = new Map<string, { number: number; outcome: string; usedAttempt: boolean }[]>();
  const settlements: Settlement[] = [];
  const written = new Set<string>();
  let heldUntil = 0;
  let isRefused: (settlement: Settlement) => boolean = () => false;
  let claims: Promise<void> = Promise.resolve();

  const rowOf = (id: string): Row => {
    const row = rows.get(id);
    if (!row) throw new Error(`There is no job ${id}`);
    return row;
  };
  const log = (id: string, number: number, outcome: string, usedAttempt: boolean): void =>
    void logs.set(id, [...(logs.get(id) ?? []), { number, outcome, usedAttempt }]);

  function claim({ jobId, token = randomUUID() }: ClaimRequest): ClaimResult {
    const row = rows.get(jobId);
    if (!row) return { kind: 'missing' };
    if (row.state === 'ended') return { kind: 'idle' };
    if (heldUntil > Date.now()) return { kind: 'held', delayMs: heldUntil - Date.now() };
    const wasLost = row.state === 'running';
    if (wasLost && !row.isClaimantDead) return { kind: 'later', delayMs: claimedElsewhereMs };
    if (!wasLost && row.runAt > Date.now()) return { kind: 'later', delayMs: row.runAt - Date.now() };
    if (wasLost) log(jobId, row.tries, 'lost', false);
    const waitMs = Math.max(Date.now() - row.runAt, 0);
    Object.assign(row, { state: 'running', waitReason: null, token, isClaimantDead: false });
    row.tries += 1;
    row.crashes += Number(wasLost);
    row.isInDoubt ||= wasLost;
    return { kind: 'claimed', job: claimedJob(row, waitMs) };
  }

  function read(jobId: string): ReadResult {
    const row = rows.get(jobId);
    if (!row) return { kind: 'missing' };
    if (row.state === 'ended') return { kind: 'idle' };
    if (heldUntil > Date.now()) return { kind: 'held', delayMs: heldUntil - Date.now() };
    if (row.state === 'running') return { kind: 'later', delayMs: claimedElsewhereMs };
    return { kind: 'due', job: { ...dueJob(row, 0), tries: row.tries + 1 } };
  }

  function settle(settlement: Settlement): SettleResult {
    const { job, verdict, attempt } = settlement;
    if (isRefused(settlement)) throw new Error('unsupported Unicode escape sequence');
    const row = rowOf(job.id);
    // A repeated settlement, whose first answer was lost, gets the same answer again.
    const token = 'token' in job ? job.token : undefined;
    const mayWrite = token === undefined ? row.state === 'runnable' && row.tries < job.tries : row.token === token;
    if (!mayWrite) return { settled: token !== undefined && written.has(token) };
    if (token !== undefined) written.add(token);
    row.tries = job.tries;
    settlements.push(settlement);
    if (attempt) log(job.id, job.tries, attempt.outcome, attempt.usedAttempt);
    row.attemptsUsed += Number(attempt?.usedAttempt ?? false);
    row.isInDoubt ||= settlement.leavesDoubt ?? false;
    row.token = null;
    row.errorCode = verdict.kind === 'dead' ? verdict.code : (attempt?.errorCode ?? null);
    applyVerdict(row, verdict);
    if (verdict.kind === 'again' && verdict.hold) heldUntil = Date.now() + verdict.hold.forMs;
    return { settled: true };
  }

  return {
    settlements,
    ledger: {
      claim: async (request) => {
        await claims;
        return claim(request);
      },
      read: async (jobId) => read(jobId),
      settle: async (settlement) => settle(settlement),
    },
    insert: async (job = {}) => {
      const id = uuidv7();
      rows.set(id, newRow(id, job));
      return id;
    },
    read: async (id) => {
      const { state, waitReason, outcome, errorCode, fingerprint, attemptsUsed, tries, crashes, runAt } = rowOf(id);
      const dueInMs = runAt - Date.now();
      return { state, waitReason, outcome, errorCode, fingerprint, attemptsUsed, tries, crashes, dueInMs };
    },
    attempts: async (id) => logs.get(id) ?? [],
    killClaimant: async (id) => void (rowOf(id).isClaimantDead = true),
    refuse: (refused) => void (isRefused = refused),
    pauseClaims: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      claims = promise;
      return resolve;
    },
    running: () => [...rows.values()].filter(({ state }) => state === 'running').map((row) => claimedJob(row, 0)),
    close: async () => undefined,
  };
}

const newRow = (id: string, job: LedgerJobInput): Row => ({
  id,
  name: 'sync-order',
  payload: { destination: 'erp', orderId: 'A-1', version: 1 },
  ...job,
  attemptsUsed: job.attemptsUsed ?? 0,
  crashes: job.crashes ?? 0,
  dueInMs: 0,
  runAt: Date.now() + (job.dueInMs ?? 0),
  tries: 0,
  state: 'runnable',
  waitReason: null,
  outcome: null,
  errorCode: null,
  fingerprint: null,
  token: null,
  isClaimantDead: false,
  isInDoubt: false,
});

const dueJob = (row: Row, waitMs: number): DueJob => ({
  id: row.id,
  name: row.name ?? '',
  queue: fakeQueue,
  attemptsUsed: row.attemptsUsed,
  tries: row.tries,
  crashes: row.crashes,
  isInDoubt: row.isInDoubt,
  orderId: 'A-1',
  destination: 'erp',
  ageMs: waitMs,
  waitMs,
  traceparent: row.traceparent ?? null,
  tracestate: null,
});

const claimedJob = (row: Row, waitMs: number): ClaimedJob => ({
  ...dueJob(row, waitMs),
  token: row.token ?? '',
  payload: row.payload,
  isProbe: false,
  version: 1,
  intentVersion: 1,
  ackedVersion: 0,
  epoch: 0,
});

function applyVerdict(row: Row, verdict: Verdict): void {
  if (verdict.kind === 'again') {
    Object.assign(row, { state: 'runnable', waitReason: verdict.waitReason, runAt: Date.now() + verdict.delayMs });
    if (verdict.waitReason !== 'handed-back') row.crashes = 0;
    return;
  }
  row.state = 'ended';
  row.outcome = verdict.kind === 'dead' ? 'dead' : verdict.outcome;
  row.fingerprint = verdict.kind === 'dead' ? verdict.fingerprint : null;
}
