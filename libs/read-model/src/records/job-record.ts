import type { jobs } from '../schema';

/** Like a job's state in the ledger, but a job that waits for its next try is told from one that waits for its first. */
export const shownJobStates = ['runnable', 'retrying', 'running', 'blocked', 'parked', 'ended'] as const;
export type ShownJobState = (typeof shownJobStates)[number];

/** A job as people see it. */
export interface JobRecord {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly payload: unknown;
  readonly state: ShownJobState;
  readonly waitReason: string | null;
  /** Not before this time; for a parked job its deadline. */
  readonly runAt: Date;
  readonly orderId: string | null;
  readonly destination: string | null;
  readonly version: number | null;
  readonly batch: string | null;
  readonly attemptsUsed: number;
  readonly crashes: number;
  readonly outcome: string | null;
  readonly resultVersion: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly detail: unknown;
  readonly fingerprint: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
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
});
