import { messageAfter } from './message-after';

describe('the state of a message after an attempt', () => {
  it('is queued, with the reason of the wait, when the attempt will be repeated', () => {
    const verdict = { kind: 'again', delayMs: 1, usesAttempt: false, waitReason: 'handed-back' } as const;
    expect(messageAfter(verdict)).toEqual({ state: 'queued', reason: 'handed-back' });
  });

  it('is undelivered, with the code of the failure, when the attempt failed for good', () => {
    const verdict = { kind: 'dead', code: 'recipient-refused', message: '', fingerprint: '' } as const;
    expect(messageAfter(verdict)).toEqual({ state: 'undelivered', reason: 'recipient-refused' });
  });

  it('is unknown when the outcome is unknown', () => {
    const verdict = { kind: 'ended', outcome: 'unknown', reason: 'message-outcome-unknown' } as const;
    expect(messageAfter(verdict)).toEqual({ state: 'unknown', reason: 'message-outcome-unknown' });
  });

  it('is left to a handler that reports the state itself', () => {
    expect(messageAfter({ kind: 'ended', outcome: 'done' })).toBeUndefined();
    expect(messageAfter({ kind: 'ended', outcome: 'skipped' })).toBeUndefined();
  });
});
