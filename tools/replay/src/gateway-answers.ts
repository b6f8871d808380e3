import { z } from 'zod';

/** The part of a gateway error that is shown. */
export const ShownProblem = z.object({
  code: z.string(),
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});
export type ShownProblem = z.infer<typeof ShownProblem>;

/** The gateway's answer to a batch of events. */
export const BatchAnswer = z.object({
  results: z.array(
    z.object({
      index: z.int().nonnegative(),
      status: z.enum(['accepted', 'duplicate', 'rejected']),
      problem: ShownProblem.optional(),
    }),
  ),
});
export type BatchAnswer = z.infer<typeof BatchAnswer>;

const counts = z.record(z.string(), z.number());

/** The gateway's statistics of a labelled batch. */
export const BatchStatistics = z.object({
  events: z.object({ accepted: z.number() }),
  orders: counts,
  /** Jobs that run now or will run without help. */
  open: z.number(),
  parked: z.number(),
  blocked: z.number(),
  ended: z.number(),
  jobs: z.array(
    z.object({
      name: z.string(),
      destination: z.string().nullable(),
      state: z.string(),
      outcome: z.string().nullable(),
      count: z.number(),
    }),
  ),
  messages: counts,
});
export type BatchStatistics = z.infer<typeof BatchStatistics>;
