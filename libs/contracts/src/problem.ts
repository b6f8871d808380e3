import { z } from 'zod';
import { OrderStatus } from './order';

/** The body of an HTTP error: RFC 9457 `application/problem+json`. */
export const Problem = z.object({
  type: z.string().meta({ description: 'Stable URL that names the code' }),
  title: z.string(),
  status: z.int(),
  code: z.string().meta({ description: 'Stable, so callers may branch on it' }),
  detail: z.string().optional().meta({ description: 'For people' }),
  instance: z.string().optional(),
  traceId: z.string().optional().meta({ description: 'Finds the request in traces and logs' }),
  retryable: z.boolean().optional().meta({ description: 'Whether the same request may succeed later' }),
  errors: z
    .array(
      z.object({
        pointer: z
          .string()
          .optional()
          .meta({ description: 'A JSON pointer into the body', examples: ['#/data/status'] }),
        parameter: z
          .string()
          .optional()
          .meta({ description: 'The name of a URL parameter', examples: ['limit'] }),
        detail: z.string(),
      }),
    )
    .optional()
    .meta({ description: 'The faults, each with a `pointer` or a `parameter`' }),
  current: OrderStatus.optional().meta({ description: 'For a refused manual change: the current status of the order' }),
  allowed: z
    .array(OrderStatus)
    .readonly()
    .optional()
    .meta({ description: 'For a refused manual change: the statuses that the order can take' }),
  currentVersion: z
    .int()
    .nonnegative()
    .optional()
    .meta({ description: 'For a manual change with another `expectedVersion`: the current version of the order' }),
  state: z.string().optional().meta({ description: 'For a job that cannot be settled: its state' }),
  outcome: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'For a job that cannot be settled: its outcome; null while it is open' }),
  jobId: z.string().optional().meta({ description: 'For a resync: the job whose outcome must be settled first' }),
});
export type Problem = z.infer<typeof Problem>;

/** A problem's `type`: the error code as a stable URL. */
export const problemTypeUrl = (code: string): string => `https://orderly.dev/errors#${code}`;
