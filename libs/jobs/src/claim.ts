import type { OrderChange, OrderSnapshot, OrderStatus } from '@orderly/contracts';

/** An order at one version. It never changes. */
export interface OrderVersion {
  readonly orderId: string;
  readonly version: number;
  readonly status: OrderStatus;
  readonly previousStatus: OrderStatus | null;
  readonly change: OrderChange;
  readonly data: OrderSnapshot;
}

/** A delivery that asks for the right to run its job. */
export interface ClaimRequest {
  readonly jobId: string;
  /** The claim's token, which the caller knows before the answer arrives. @defaultValue a new one */
  readonly token?: string;
}

/** A job that is due, with the facts that its settlement needs. */
export interface DueJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** How many attempts were used before this one. */
  readonly attemptsUsed: number;
  /** Number of this try: the key of its attempt row. */
  readonly tries: number;
  /** How often the job's process died while running it. */
  readonly crashes: number;
  /** An earlier try may have taken effect: it got no answer, or its process died. */
  readonly isInDoubt?: boolean;
  readonly orderId: string | null;
  readonly destination: string | null;
  /** Since the job was created. */
  readonly ageMs: number;
  /** How long it was runnable before this try. */
  readonly waitMs: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** A job that this process may run now. */
export interface ClaimedJob extends DueJob {
  /** Every later write carries it. */
  readonly token: string;
  /** As stored: the runtime parses it before the handler sees it. */
  readonly payload: unknown;
  /** The destination is held, and this job probes it. */
  readonly isProbe: boolean;
  readonly version: number | null;
  /** The version that this attempt sends. */
  readonly intentVersion: number | null;
  /** The order at that version. Missing if there is no such version, or if the job sends no order. */
  readonly order?: OrderVersion;
  /** The newest version that the destination has confirmed; 0 for none. */
  readonly ackedVersion: number;
  readonly epoch: number;
}

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly job: ClaimedJob }
  /** The ledger cannot claim this job, and trying again changes nothing: its row is at fault. */
  | { readonly kind: 'refused'; readonly error: unknown }
  | NotDue;

/** A job that is read in order to settle a failure. Nobody holds it: the first settlement of its try counts. */
export type ReadResult = { readonly kind: 'due'; readonly job: DueJob } | NotDue;

/** Why a job may not run. */
export type NotDue =
  /** Ended, behind the head of its lane, or parked: this delivery has nothing to do. */
  | { readonly kind: 'idle' }
  /** No row has this id. */
  | { readonly kind: 'missing' }
  /** Claimed by a living process, or not due: to be delivered again. */
  | { readonly kind: 'later'; readonly delayMs: number }
  /** The queue or its destination is held: fetch none of its jobs for this long. */
  | { readonly kind: 'held'; readonly delayMs: number };

/** The log of one try. */
export interface AttemptLog {
  readonly startedAt: Date;
  /** `done`, `skipped`, `retry`, `throttled`, `held`, `handed-back`, `dead`, `unknown`. */
  readonly outcome: string;
  readonly usedAttempt: boolean;
  readonly errorClass?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly versionSent?: number;
  readonly responseStatus?: number;
  /** First 2 kB of the response, redacted. */
  readonly responseExcerpt?: string;
  /** The partner's own id of the request. */
  readonly confirmationId?: string;
  readonly traceId?: string;
}
