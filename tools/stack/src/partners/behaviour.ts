import { z } from 'zod';

export const behaviourModes = ['ok', 'slow', 'failing', 'throttling', 'down', 'unauthorized', 'gone'] as const;

/** How a pretend partner answers the calls that Orderly makes. */
export const Behaviour = z.strictObject({
  mode: z.enum(behaviourModes),
  /** Waits this long before any answer; 2,000 in the mode `slow` if unsaid. */
  delayMs: z.int().min(0).max(600_000).optional(),
  /** The status of a refusal; 500, 429, 401 and 410 are what the modes choose if unsaid. */
  status: z.int().min(300).max(599).optional(),
  /** For `Retry-After`; 2 in the mode `throttling` if unsaid. */
  retryAfterSeconds: z.int().min(0).max(86_400).optional(),
  /** For so many calls, then `ok` again; for ever if unsaid. */
  count: z.int().positive().optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;

/** What one call meets: an answer without any effect, no answer at all, or neither: then it is served. */
export type Treatment = { delayMs: number; refusal?: { status: number; retryAfterSeconds?: number } | 'hang up' };

/** The treatment of the next call, and the behaviour after it. */
export function treat(behaviour: Behaviour): { treatment: Treatment; next: Behaviour } {
  const { mode, count } = behaviour;
  const delayMs = behaviour.delayMs ?? (mode === 'slow' ? 2_000 : 0);
  const isOver = count !== undefined && count <= 1;
  const next: Behaviour = isOver ? { mode: 'ok' } : count === undefined ? behaviour : { ...behaviour, count: count - 1 };
  return { treatment: { delayMs, refusal: refusalOf(behaviour) }, next };
}

function refusalOf({ mode, status, retryAfterSeconds }: Behaviour): Treatment['refusal'] {
  switch (mode) {
    case 'ok':
    case 'slow':
      return undefined;
    case 'down':
      return 'hang up';
    case 'failing':
      return { status: status ?? 500, retryAfterSeconds };
    case 'throttling':
      return { status: status ?? 429, retryAfterSeconds: retryAfterSeconds ?? 2 };
    case 'unauthorized':
      return { status: status ?? 401 };
    case 'gone':
      return { status: status ?? 410 };
  }
}
