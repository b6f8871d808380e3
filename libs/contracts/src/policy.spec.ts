import { jobDefinitions } from './jobs/registry';
import { jobPriority, retryConfig } from './policy';

describe('retryConfig', () => {
  it('matches the keys and values of the specification', () => {
    expect(retryConfig).toMatchObject({ attempts: 5, backoff: { type: 'exponential', delay: 2000, multiplier: 2 } });
  });

  it('delays by 2, 4, 8 and 16 s before jitter, below the cap', () => {
    const { delay, multiplier, maxDelay } = retryConfig.backoff;
    const delays = Array.from({ length: retryConfig.attempts - 1 }, (_, retry) => delay * multiplier ** retry);
    expect(delays).toEqual([2000, 4000, 8000, 16_000]);
    expect(Math.max(...delays)).toBeLessThan(maxDelay);
  });

  it('adds jitter too small to mix the delays, and ends after three days', () => {
    expect(retryConfig.backoff.jitter).toBeGreaterThan(0);
    expect(retryConfig.backoff.jitter).toBeLessThan(1 / 3);
    expect(retryConfig.maxAgeHours).toBe(72);
  });
});

describe('jobPriority', () => {
  it('runs critical before high before normal before low', () => {
    expect(jobPriority).toEqual({ critical: 1, high: 2, normal: 3, low: 4 });
  });
});

describe('the policy of every job', () => {
  it.each(Object.values(jobDefinitions))('$name has a complete policy that follows retryConfig', ({ policy }) => {
    expect(policy).toEqual({
      ...retryConfig,
      priority: expect.stringMatching(/^(critical|high|normal|low)$/),
      concurrency: expect.any(Number),
      timeoutMs: expect.any(Number),
      whenLost: expect.stringMatching(/^(retry|unknown)$/),
    });
    expect(policy.timeoutMs).toBeGreaterThan(0);
  });

  it('defaults to 5 concurrent order jobs, 10 notifications and 2 cleanup tasks', () => {
    const concurrency = Object.fromEntries(Object.values(jobDefinitions).map(({ name, policy }) => [name, policy.concurrency]));
    expect(concurrency).toMatchObject({
      'apply-order-event': 5,
      'sync-order': 5,
      'send-notification': 10,
      'expire-tokens': 2,
      'rotate-logs': 2,
    });
  });

  it('gives alerts critical, customer messages high, status changes and synchronisation normal, cleanup low priority', () => {
    const priorities = Object.fromEntries(Object.values(jobDefinitions).map(({ name, policy }) => [name, policy.priority]));
    expect(priorities).toMatchObject({
      'send-alert': 'critical',
      'send-notification': 'high',
      'apply-order-event': 'normal',
      'sync-order': 'normal',
      'expire-tokens': 'low',
      'rotate-logs': 'low',
    });
  });

  it('never retries a message whose attempt was lost', () => {
    expect(jobDefinitions['send-notification'].policy.whenLost).toBe('unknown');
  });

  it('retries an alert whose attempt was lost', () => {
    expect(jobDefinitions['send-alert'].policy.whenLost).toBe('retry');
  });
});
