import type { z } from 'zod';
import type { JobPriority, RetryConfig } from './policy';

/** How jobs of one type run. Every field is required, so that no behaviour depends on BullMQ's defaults. */
export interface JobPolicy extends RetryConfig {
  readonly priority: JobPriority;
  /** Concurrent jobs of this type per process; the environment may override it. */
  readonly concurrency: number;
  /** After this time in ms the handler's signal is aborted and the attempt fails. A handler that ignores its signal keeps its slot. */
  readonly timeoutMs: number;
  /**
   * What happens if the process died during an attempt. `retry`: the effect can be sent again safely. `unknown`: only a receipt or
   * a person can tell whether it took place, and a retry could repeat it.
   */
  readonly whenLost: 'retry' | 'unknown';
}

/** The agreement between producer and consumer of a job. One file per job. */
export interface JobDefinition<Name extends string = string, Payload extends z.ZodType = z.ZodType> {
  /** Verb-noun. A breaking change of the payload needs a new name, because jobs with the old one may still wait. */
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
