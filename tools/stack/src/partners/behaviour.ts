import { z } from 'zod';

export const behaviourModes = ['ok', 'slow', 'failing', 'refusing', 'throttling', 'down', 'unauthorized', 'gone'] as const;

/** How a pretend partner answers Orderly's requests. */
export const Behaviour = z.strictObject({
  mode: z.enum(behaviourModes),
  /** Delay before each answer. @defaultValue 2000 in mode `slow`, else 0 */
  delayMs: z.int().min(0).max(600_000).optional(),
  /** The status of a refusal. @defaultValue 500, 422, 429, 401 or 410, by mode */
  status: z.int().min(300).max(599).optional(),
  /** The value of `Retry-After`. @defaultValue 2 in mode `throttling`, else no header */
  retryAfterSeconds: z.int().min(0).max(86_400).optional(),
  /** Number of requests until the mode is `ok` again. @defaultValue no end */
  count: z.int().positive().optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;

/** What happens to one request. With `refusal` it is answered without an effect, or the connection is closed; else it is served. */
export type Treatment = { delayMs: number; refusal?: { status: number; retryAfterSeconds?: number } | 'hang up' };

/** The treatment of the next request, and the behaviour after it. */
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
    case 'refusing':
      return { status: status ?? 422 };
    case 'throttling':
      return { status: status ?? 429, retryAfterSeconds: retryAfterSeconds ?? 2 };
    case 'unauthorized':
      return { status: status ?? 401 };
    case 'gone':
      return { status: status ?? 410 };
  }
}
