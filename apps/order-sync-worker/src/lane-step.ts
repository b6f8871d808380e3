import type { LaneStep, Verdict } from '@orderly/jobs';

const steps = { block: 'block', supersede: 'newest', skip: 'next' } as const satisfies Record<string, LaneStep>;

/**
 * The next step of a lane after its head has ended. An unknown outcome always blocks the lane: a later request could overtake the
 * one whose outcome is still open.
 */
export function laneStepAfter(verdict: Verdict, onDeadHead: keyof typeof steps): LaneStep {
  if (verdict.kind === 'dead') return steps[onDeadHead];
  return verdict.kind === 'ended' && verdict.outcome === 'unknown' ? 'block' : 'next';
}
