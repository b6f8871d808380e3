import { Behaviour, behaviourModes, treat } from './behaviour';

describe('the behaviour of a pretend partner', () => {
  it.each([
    ['ok', undefined],
    ['slow', undefined],
    ['failing', { status: 500 }],
    ['refusing', { status: 422 }],
    ['throttling', { status: 429, retryAfterSeconds: 2 }],
    ['down', 'hang up'],
    ['unauthorized', { status: 401 }],
    ['gone', { status: 410 }],
  ] as const)('mode %s answers with %j', (mode, refusal) => {
    expect(treat({ mode }).treatment.refusal).toEqual(refusal);
  });

  it('delays only in mode slow or with a given delay', () => {
    const delays = behaviourModes.map((mode) => [mode, treat({ mode }).treatment.delayMs]);
    expect(Object.fromEntries(delays)).toMatchObject({ ok: 0, slow: 2_000, failing: 0 });
    expect(treat({ mode: 'failing', delayMs: 50 }).treatment.delayMs).toBe(50);
  });

  it('returns to ok after exactly the given number of requests', () => {
    const second = treat({ mode: 'failing', count: 2 }).next;
    expect(treat(second).treatment.refusal).toEqual({ status: 500 });
    expect(treat(second).next).toEqual({ mode: 'ok' });
  });

  it('refuses an unknown mode', () => {
    expect(Behaviour.safeParse({ mode: 'angry' }).success).toBe(false);
    expect(Behaviour.safeParse({ mode: 'ok', dealyMs: 1 }).success).toBe(false);
  });
});
