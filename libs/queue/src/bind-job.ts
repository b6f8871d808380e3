import type { JobDefinition } from '@orderly/contracts';
import { InvalidPayloadError } from '@orderly/errors';
import { isLastAttempt, type ClaimedJob, type HandlerResult, type JobHandler } from '@orderly/jobs';
import type { z } from 'zod';

/** A job's definition and its handler, joined: what the runtime runs. */
export interface BoundJob {
  readonly definition: JobDefinition;
  /** @throws InvalidPayloadError before the handler sees anything */
  run(job: ClaimedJob, signal: AbortSignal, effectBegins: () => void): Promise<HandlerResult>;
}

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
        throw new InvalidPayloadError('invalid-payload', `The payload of ${definition.name} does not parse: ${faults}`);
      }
      return handler({ job, payload: parsed.data, signal, effectBegins, isLastAttempt: isLastAttempt(job, definition.policy) });
    },
  };
}
