import type { jobs } from '../schema';

/** The states of the ledger, with `retrying` for a `runnable` job that has been tried and waits for its next try. */
export const shownJobStates = ['runnable', 'retrying', 'running', 'blocked', 'parked', 'ended'] as const;
export type ShownJobState = (typeof shownJobStates)[number];

/** A job as the API shows it: without its claim. */
export interface JobRecord {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly payload: unknown;
  readonly state: ShownJobState;
  readonly waitReason: string | null;
  /** The earliest time to run; for a parked job its deadline. */
  readonly runAt: Date;
  readonly orderId: string | null;
  readonly destination: string | null;
  /** The version of the order that the job was created for. */
  readonly version: number | null;
  readonly batch: string | null;
  /** Throttled and held tries are not counted. */
  readonly attemptsUsed: number;
  /** Tries that were lost with their process. They are not counted in `attemptsUsed`. */
  readonly crashes: number;
  /** Null while the job is open. */
  readonly outcome: string | null;
  /** The version of the order that was applied or sent. */
  readonly resultVersion: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly detail: unknown;
  /** Groups dead letters: error code with destination or channel. */
  readonly fingerprint: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  /** When an operator last sent the job again. */
  readonly redrivenAt: Date | null;
  /** The operation that did so, if it was one. */
  readonly operationId: string | null;
}

export const jobRecord = (row: typeof jobs.$inferSelect): JobRecord => ({
  id: row.id,
  name: row.name,
  queue: row.queue,
  priority: row.priority,
  payload: row.payload,
  state: row.state === 'runnable' && row.waitReason !== null ? 'retrying' : (row.state as ShownJobState),
  waitReason: row.waitReason,
  runAt: row.runAt,
  orderId: row.orderId,
  destination: row.destination,
  version: row.version,
  batch: row.batch,
  attemptsUsed: row.attemptsUsed,
  crashes: row.crashes,
  outcome: row.outcome,
  resultVersion: row.resultVersion,
  errorCode: row.errorCode,
  errorMessage: row.errorMessage,
  detail: row.detail,
  fingerprint: row.fingerprint,
  createdAt: row.createdAt,
  endedAt: row.endedAt,
  redrivenAt: row.redrivenAt,
  operationId: row.operationId,
});
