import type { JobDefinition, PayloadOf } from '@orderly/contracts';
import type { AttemptLog, ClaimedJob } from './claim';
import type { MessageUpdate } from './settlement';

/** The result of a handler, as data, so that the runtime can settle many in one statement. Failures are thrown. */
export type HandlerResult =
  | {
      readonly kind: 'done';
      readonly resultVersion?: number;
      readonly message?: MessageUpdate;
      readonly log?: Partial<AttemptLog>;
    }
  | {
      readonly kind: 'skipped';
      readonly outcome: 'skipped' | 'superseded';
      readonly reason: string;
      readonly message?: MessageUpdate;
    };

/** The effect took place. */
export const done = (effect: Omit<Extract<HandlerResult, { kind: 'done' }>, 'kind'> = {}): HandlerResult => ({
  kind: 'done',
  ...effect,
});

/** There was nothing to do. */
export const skipped = (
  reason: string,
  options: { readonly outcome?: 'skipped' | 'superseded'; readonly message?: MessageUpdate } = {},
): HandlerResult => ({ kind: 'skipped', outcome: options.outcome ?? 'skipped', reason, message: options.message });

export interface JobContext<Definition extends JobDefinition> {
  readonly job: ClaimedJob;
  readonly payload: PayloadOf<Definition>;
  /** Aborted at the timeout, at shutdown, and when this process may no longer send. Pass it to everything that waits. */
  readonly signal: AbortSignal;
  /** A failure of this attempt ends the job. */
  readonly isLastAttempt: boolean;
  /**
   * Call it right before an effect may leave the process: from then on the effect is in doubt until there is an answer.
   *
   * @throws the signal's reason, or ShutdownError if this process may no longer act. It asks the clock, because the signal's
   * timer comes too late after the event loop stood still.
   */
  readonly effectBegins: () => void;
}

export type JobHandler<Definition extends JobDefinition> = (context: JobContext<Definition>) => Promise<HandlerResult>;
