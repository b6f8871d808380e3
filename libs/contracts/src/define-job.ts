import type { z } from 'zod';
import type { JobPriority, RetryConfig } from './policy';

/** How the jobs of one type are run. Every field is required: nothing rests on a default of BullMQ's. */
export interface JobPolicy extends RetryConfig {
  readonly priority: JobPriority;
  /** Jobs of this type that one process runs at once; the environment may override it. */
  readonly concurrency: number;
  /** After this long the handler's signal is aborted and the attempt has failed. */
  readonly timeoutMs: number;
  /**
   * What follows when the process died during an attempt: `retry` where the effect may safely be sent again, `unknown` where
   * nothing but a receipt or a person can tell whether it took place.
   */
  readonly whenLost: 'retry' | 'unknown';
}

/** All that a producer and a consumer of a job must agree on. One file per job. */
export interface JobDefinition<Name extends string = string, Payload extends z.ZodType = z.ZodType> {
  /** Verb-noun; a breaking change of the payload is a new name. */
  readonly name: Name;
  readonly queue: (payload: z.output<Payload>) => string;
  /** JSON types only: ids, ISO dates, integer minor units. */
  readonly payload: Payload;
  readonly policy: JobPolicy;
}

export type PayloadOf<Definition extends JobDefinition> = z.output<Definition['payload']>;

export function defineJob<Name extends string, Payload extends z.ZodType>(
  definition: JobDefinition<Name, Payload>,
): JobDefinition<Name, Payload> {
  return Object.freeze(definition);
}
