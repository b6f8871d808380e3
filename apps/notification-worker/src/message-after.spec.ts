import { messageAfter } from './message-after';

describe('the state of a message after an attempt', () => {
  it('that will be made again is queued, with the reason of the wait', () => {
    const verdict = { kind: 'again', delayMs: 1, usesAttempt: false, waitReason: 'handed-back' } as const;
    expect(messageAfter(verdict)).toEqual({ state: 'queued', reason: 'handed-back' });
  });

  it('that failed for good is undelivered, with the code of the failure', () => {
    const verdict = { kind: 'dead', code: 'recipient-refused', message: '', fingerprint: '' } as const;
    expect(messageAfter(verdict)).toEqual({ state: 'undelivered', reason: 'recipient-refused' });
  });

  it('whose outcome is open is unknown', () => {
    const verdict = { kind: 'ended', outcome: 'unknown', reason: 'message-outcome-unknown' } as const;
    expect(messageAfter(verdict)).toEqual({ state: 'unknown', reason: 'message-outcome-unknown' });
  });

  it('is left to the handler where that knows it', () => {
    expect(messageAfter({ kind: 'ended', outcome: 'done' })).toBeUndefined();
    expect(messageAfter({ kind: 'ended', outcome: 'skipped' })).toBeUndefined();
  });
});
