import { describeRun } from './describe-run';

describe('the line about a run', () => {
  const figures = { rows: 4, bytes: 8192, durationMs: 12, isComplete: true };

  it('shows figures and facts, and `none` for an empty list', () => {
    const facts = { created: [], dropped: ['jobs_2026w01', 'events_2026w01'], eventKeys: 4 };
    expect(describeRun('rotate-logs', { ...figures, facts })).toBe(
      'rotate-logs: 4 rows, 8192 bytes, 12 ms; created none; dropped jobs_2026w01, events_2026w01; eventKeys 4',
    );
  });

  it('says that the task stopped early', () => {
    expect(describeRun('expire-tokens', { ...figures, isComplete: false, facts: { apiKeys: 4 } })).toBe(
      'expire-tokens: 4 rows, 8192 bytes, 12 ms; apiKeys 4; stopped early, the next run continues',
    );
  });
});
