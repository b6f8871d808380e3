import type { JobDefinition } from '@orderly/contracts';
import { InvalidPayloadError } from '@orderly/errors';
import { isLastAttempt, type ClaimedJob, type HandlerResult, type JobHandler } from '@orderly/jobs';
import type { z } from 'zod';

/** A job's definition with its handler, as the runtime needs them. */
export interface BoundJob {
  readonly definition: JobDefinition;
  /**
   * Parses the payload and calls the handler.
   *
   * @param effectBegins - called by the handler right before its effect leaves; throws if it must not leave any more
   * @throws InvalidPayloadError `invalid-payload`, before the handler is called
   */
  run(job: ClaimedJob, signal: AbortSignal, effectBegins: () => void): Promise<HandlerResult>;
}

/** Joins a definition and its handler, and so checks at compile time that their payloads match. */
export function bindJob<Payload extends z.ZodType>(
  definition: JobDefinition<string, Payload>,
  handler: JobHandler<JobDefinition<string, Payload>>,
): BoundJob {
  return {
    definition: definition,
    run: (job, signal, effectBegins) => {
      const parsed = definition.payload.safeParse(job.payload);
      if (!parsed.success) {
        // Zod's message names keys and types, never values.
        const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
        throw new InvalidPayloadError('invalid-payload', `The payload of ${definition.name} is invalid: ${faults}`);
      }
      return handler({ job, payload: parsed.data, signal, effectBegins, isLastAttempt: isLastAttempt(job, definition.policy) });
    },
  };
}
