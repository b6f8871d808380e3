import { jobPriority, type JobDefinition, type JobPriority } from '@orderly/contracts';
import { InvalidPayloadError } from '@orderly/errors';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { JobState } from './job-state';

/** A job as it enters the ledger. */
export interface NewJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** 1 to 4: BullMQ would run a job without a priority before all others. */
  readonly priority: number;
  readonly payload: unknown;
  readonly state: Extract<JobState, 'runnable' | 'blocked'>;
  readonly orderId?: string;
  readonly destination?: string;
  readonly version?: number;
  readonly batch?: string | null;
  readonly traceparent?: string | null;
  readonly tracestate?: string | null;
}

export interface NewJobOptions extends Pick<
  NewJob,
  'orderId' | 'destination' | 'version' | 'batch' | 'traceparent' | 'tracestate'
> {
  /** @defaultValue the policy's */
  readonly priority?: JobPriority;
  readonly state?: NewJob['state'];
}

/**
 * The only way to make a job: parses the payload, and sets the priority.
 *
 * @throws InvalidPayloadError if the payload is not the definition's
 */
export function newJob<Payload extends z.ZodType>(
  definition: JobDefinition<string, Payload>,
  payload: z.input<Payload>,
  { priority, state = 'runnable', ...rest }: NewJobOptions = {},
): NewJob {
  const parsed = definition.payload.safeParse(payload);
  if (!parsed.success) {
    throw new InvalidPayloadError('invalid-payload', `${definition.name}: ${parsed.error.message}`, { cause: parsed.error });
  }
  return {
    id: uuidv7(),
    name: definition.name,
    queue: definition.queue(parsed.data),
    priority: jobPriority[priority ?? definition.policy.priority],
    payload: parsed.data,
    state,
    ...rest,
  };
}
