import type { NotificationKind } from '@orderly/contracts';
import type { NewJob } from '@orderly/jobs';
import type { Decision, OrderState } from '@orderly/orders';
import type { AuditEntry } from '../audit/audit-entry';
import type { UnappliedEvent } from './read-orders';

/**
 * Decides events of one locked order. Pure: its caller reads before it, and writes after it.
 *
 * @param events - in acceptance order, each once
 * @param now - ISO; deadlines up to then have passed
 * @returns one plan per event, in the order in which the events were decided
 * @throws when an event cannot be decided; nothing of the order is written then, and its events are tried one by one to find the bad one
 */
export type PlanOrder = (order: OrderState, events: readonly UnappliedEvent[], now: string) => readonly PlannedEvent[];

/** The decision about one event, and its consequences. */
export interface PlannedEvent {
  readonly event: UnappliedEvent;
  /** The order as it was before this decision. */
  readonly before: OrderState;
  readonly decision: Decision;
  /** Of an applied event: who has to be told. */
  readonly followUps?: FollowUps;
  /** Of a rejected event: why, in words for people. */
  readonly refusal?: string;
  /** Of an event that is parked for the first time: how long it waits for the step before it. */
  readonly deadline?: Date;
  /** The audit trail's entry. An event that stays parked has none: it got one when it was parked. */
  readonly audit?: AuditEntry;
}

/** Jobs and messages that an applied change leads to. */
export interface FollowUps {
  readonly syncs: readonly NewJob[];
  readonly messages: readonly NewMessage[];
}

/** A message to one recipient, and the job that sends it. */
export interface NewMessage {
  readonly job: NewJob;
  readonly kind: NotificationKind;
  readonly channel: string;
  /** Null if the order has no address for the channel. */
  readonly recipient: string | null;
}
