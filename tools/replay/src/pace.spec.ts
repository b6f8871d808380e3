import { batchLimits, Pace } from './pace';

describe('Pace', () => {
  it('delays a batch until the time of the one before has passed', () => {
    const pace = new Pace(100);
    expect(pace.waitBefore(10, 0)).toBe(0);
    expect(pace.waitBefore(10, 30)).toBe(70);
    expect(pace.waitBefore(10, 100)).toBe(100);
  });

  it('does not catch up on lost time with a burst', () => {
    const pace = new Pace(100);
    pace.waitBefore(10, 0);
    expect(pace.waitBefore(10, 5_000)).toBe(0);
    expect(pace.waitBefore(10, 5_000)).toBe(100);
  });

  it('never delays without a rate', () => {
    const pace = new Pace();
    expect([pace.waitBefore(500, 0), pace.waitBefore(500, 0)]).toEqual([0, 0]);
  });
});

describe('batchLimits', () => {
  it.each([
    [undefined, 500],
    [100_000, 500],
    [100, 10],
    [3, 1],
    [0.5, 1],
  ])('a rate of %p gives batches of %d events', (rate, events) => {
    expect(batchLimits(rate).maxEvents).toBe(events);
  });
});
