import type { Verdict } from '@orderly/jobs';
import { laneStepAfter } from './lane-step';

const dead: Verdict = { kind: 'dead', code: 'destination-refused', message: '', fingerprint: '' };
const endedAs = (outcome: 'done' | 'superseded' | 'unknown'): Verdict => ({ kind: 'ended', outcome });

describe('the step of a lane', () => {
  it.each([
    ['block', 'block'],
    ['supersede', 'newest'],
    ['skip', 'next'],
  ] as const)('after a dead letter follows from onDeadHead: %s', (onDeadHead, step) => {
    expect(laneStepAfter(dead, onDeadHead)).toBe(step);
  });

  it.each(['block', 'supersede', 'skip'] as const)(
    'after an unknown outcome is to wait, whatever onDeadHead is (%s)',
    (onDeadHead) => {
      expect(laneStepAfter(endedAs('unknown'), onDeadHead)).toBe('block');
    },
  );

  it('after any other end is the next job', () => {
    for (const outcome of ['done', 'superseded'] as const) expect(laneStepAfter(endedAs(outcome), 'block')).toBe('next');
  });
});
