import type { Answer, IntakeResult } from '@orderly/ledger';
import type { CheckedEvent } from '../../intake/check-event';

/** What a request asks for, and how the answer follows from what becomes of it. */
export interface CheckedRequest {
  /** Those that may be stored, in the order of the request. */
  readonly events: readonly CheckedEvent[];
  /** Pure; takes one result per event, in their order. */
  readonly answer: (results: readonly IntakeResult[]) => Answer;
}
