import { Behaviour, behaviourModes, treat } from './behaviour';

describe('the behaviour of a pretend partner', () => {
  it.each([
    ['ok', undefined],
    ['slow', undefined],
    ['failing', { status: 500 }],
    ['throttling', { status: 429, retryAfterSeconds: 2 }],
    ['down', 'hang up'],
    ['unauthorized', { status: 401 }],
    ['gone', { status: 410 }],
  ] as const)('answers in the mode %s with %j', (mode, refusal) => {
    expect(treat({ mode }).treatment.refusal).toEqual(refusal);
  });

  it('waits only when it is slow or told to', () => {
    const delays = behaviourModes.map((mode) => [mode, treat({ mode }).treatment.delayMs]);
    expect(Object.fromEntries(delays)).toMatchObject({ ok: 0, slow: 2_000, failing: 0 });
    expect(treat({ mode: 'failing', delayMs: 50 }).treatment.delayMs).toBe(50);
  });

  it('is well again after the given number of calls, and not one earlier', () => {
    const second = treat({ mode: 'failing', count: 2 }).next;
    expect(treat(second).treatment.refusal).toEqual({ status: 500 });
    expect(treat(second).next).toEqual({ mode: 'ok' });
  });

  it('refuses a mode that it does not have', () => {
    expect(Behaviour.safeParse({ mode: 'angry' }).success).toBe(false);
    expect(Behaviour.safeParse({ mode: 'ok', dealyMs: 1 }).success).toBe(false);
  });
});
