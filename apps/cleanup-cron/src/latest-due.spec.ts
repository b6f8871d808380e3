import { cleanupSchedules } from '@orderly/contracts';
import { latestDue } from './latest-due';

describe('the last due time of a schedule', () => {
  it.each([
    ['15 3 * * *', '2026-03-01T03:15:01Z', '2026-03-01T03:15:00Z'],
    ['15 3 * * *', '2026-03-01T03:14:59Z', '2026-02-28T03:15:00Z'],
    ['30 3 * * 0', '2026-03-04T12:00:00Z', '2026-03-01T03:30:00Z'],
    ['30 3 * * 0', '2026-03-01T03:29:00Z', '2026-02-22T03:30:00Z'],
    ['*/5 * * * * *', '2026-03-01T03:14:59.500Z', '2026-03-01T03:14:55Z'],
  ])('for %s at %s is %s', (cron, now, due) => {
    expect(latestDue(cron, new Date(now))).toEqual(new Date(due));
  });

  it('is exact to the millisecond, so that all processes plan the same run', () => {
    for (const cron of Object.values(cleanupSchedules)) {
      const due = latestDue(cron, new Date('2026-03-01T12:34:56.789Z'));
      expect(due.getTime() % 60_000).toBe(0);
    }
  });
});
