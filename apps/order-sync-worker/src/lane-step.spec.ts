import type { Verdict } from '@orderly/jobs';
import { laneStepAfter } from './lane-step';

const dead: Verdict = { kind: 'dead', code: 'destination-refused', message: '', fingerprint: '' };
const endedAs = (outcome: 'done' | 'superseded' | 'unknown'): Verdict => ({ kind: 'ended', outcome });

describe('the step of a lane', () => {
  it.each([
    ['block', 'block'],
    ['supersede', 'newest'],
    ['skip', 'next'],
  ] as const)('follows onDeadHead after a dead letter: %s', (onDeadHead, step) => {
    expect(laneStepAfter(dead, onDeadHead)).toBe(step);
  });

  it.each(['block', 'supersede', 'skip'] as const)(
    'is to wait after an unknown outcome, whatever onDeadHead is (%s)',
    (onDeadHead) => {
      expect(laneStepAfter(endedAs('unknown'), onDeadHead)).toBe('block');
    },
  );

  it('is the next job after any other end', () => {
    for (const outcome of ['done', 'superseded'] as const) expect(laneStepAfter(endedAs(outcome), 'block')).toBe('next');
  });
});
