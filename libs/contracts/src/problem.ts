import { z } from 'zod';
import { OrderStatus } from './order';

/** An error over HTTP: RFC 9457 `application/problem+json`. */
export const Problem = z.object({
  /** Stable URL of the code's documentation. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  traceId: z.string().optional(),
  /** Whether the same request may succeed later. */
  retryable: z.boolean().optional(),
  /** Where the fault is: JSON pointers into the request's body, such as `#/data/status`. */
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  /** Of a manual change that was refused: the status that the order has, and those that it could take instead. */
  current: OrderStatus.optional(),
  allowed: z.array(OrderStatus).readonly().optional(),
  /** Of a manual change that expected another one: the version that the order has. */
  currentVersion: z.int().nonnegative().optional(),
});
export type Problem = z.infer<typeof Problem>;

/** The documentation of an error code; also a problem's `type`. */
export const problemTypeUrl = (code: string): string => `https://orderly.dev/errors#${code}`;
