import { z } from 'zod';
import { OrderStatus } from './order';

/** An error over HTTP: RFC 9457 `application/problem+json`. */
export const Problem = z.object({
  type: z.string().meta({ description: "Stable URL of the code's documentation" }),
  title: z.string(),
  status: z.int(),
  code: z.string().meta({ description: 'Stable: a caller may branch on it' }),
  detail: z.string().optional().meta({ description: 'For people' }),
  instance: z.string().optional(),
  traceId: z.string().optional().meta({ description: 'To find the request by, in traces and logs' }),
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
          .meta({ description: 'The name of a parameter of the URL', examples: ['limit'] }),
        detail: z.string(),
      }),
    )
    .optional()
    .meta({ description: 'Where the faults are. Each has a `pointer` or a `parameter`' }),
  current: OrderStatus.optional().meta({ description: 'Of a manual change that was refused: the status that the order has' }),
  allowed: z.array(OrderStatus).readonly().optional().meta({ description: 'The statuses that it could take instead' }),
  currentVersion: z
    .int()
    .nonnegative()
    .optional()
    .meta({ description: 'Of a manual change that expected another one: the version that the order has' }),
});
export type Problem = z.infer<typeof Problem>;

/** The documentation of an error code; also a problem's `type`. */
export const problemTypeUrl = (code: string): string => `https://orderly.dev/errors#${code}`;
