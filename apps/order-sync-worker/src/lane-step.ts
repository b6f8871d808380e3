import type { LaneStep, Verdict } from '@orderly/jobs';

const steps = { block: 'block', supersede: 'newest', skip: 'next' } as const satisfies Record<string, LaneStep>;

/**
 * What a lane does after its head. An unknown outcome blocks it always: sending what follows could put the destination ahead of a
 * request that is still to be settled.
 */
export function laneStepAfter(verdict: Verdict, onDeadHead: keyof typeof steps): LaneStep {
  if (verdict.kind === 'dead') return steps[onDeadHead];
  return verdict.kind === 'ended' && verdict.outcome === 'unknown' ? 'block' : 'next';
}
