import { redisAlerts } from './alert-desk';

const limitBytes = 104_857_600;

describe('redisAlerts', () => {
  it('is silent below the percentage, and raises an alert at it', () => {
    expect(redisAlerts({ policy: 'noeviction', usedBytes: limitBytes * 0.849, limitBytes }, 85)).toEqual([]);
    expect(redisAlerts({ policy: 'noeviction', usedBytes: limitBytes * 0.851, limitBytes }, 85)).toEqual([
      { cause: 'redis-memory', subject: 'redis', detail: 'It uses 85 % of its limit of 100 MB.' },
    ]);
  });

  it('raises none about memory if Redis has no limit', () => {
    expect(redisAlerts({ policy: 'noeviction', usedBytes: 1e12, limitBytes: 0 }, 1)).toEqual([]);
  });

  it('raises an alert if Redis may delete keys', () => {
    expect(redisAlerts({ policy: 'allkeys-lru', usedBytes: 1, limitBytes }, 85)).toEqual([
      { cause: 'redis-evicting', subject: 'redis', detail: 'Its policy is allkeys-lru.' },
    ]);
  });
});
