import { findingsOf, maxGrowthMegabytes, renderSummary, type Result } from './summary';

const gateway = {
  hasDied: false,
  faultLines: [],
  warm: { megabytes: 100, openFiles: 50 },
  end: { megabytes: 110, openFiles: 50 },
};
const good: Result = { engine: 'fast-check', seed: 1, seconds: 20, operations: 19, requests: 5000, found: [], gateway };

describe('the summary of a fuzz run', () => {
  it('consists of a few aligned lines', () => {
    expect(renderSummary(good, { withColors: false })).toBe(
      [
        '  engine      fast-check, seed 1',
        '  requests    5,000 to 19 calls in 20 s',
        '  memory      100 MB after the warm-up, 110 MB at the end',
        '  open files  50 after the warm-up, 50 at the end',
        '  findings    none',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['a gateway that died', { ...gateway, hasDied: true }],
    ['errors in its log', { ...gateway, faultLines: ['{"level":"error","msg":"A request failed"}'] }],
    ['memory that grows', { ...gateway, end: { megabytes: 101 + maxGrowthMegabytes, openFiles: 50 } }],
    ['connections that stay open', { ...gateway, end: { megabytes: 100, openFiles: 200 } }],
  ])('shows %s as a finding', (_what, state) => {
    expect(findingsOf({ ...good, gateway: state })).toHaveLength(1);
    expect(renderSummary({ ...good, gateway: state }, { withColors: false })).toContain('✗');
  });

  it('shows how many calls were not tried in time, without a finding', () => {
    expect(renderSummary({ ...good, untried: 2 }, { withColors: false })).toContain('not tried   2 calls, because time ran out');
    expect(findingsOf({ ...good, untried: 2 })).toEqual([]);
  });

  it('accepts growth of memory within the bound', () => {
    expect(findingsOf({ ...good, gateway: { ...gateway, end: { megabytes: 100 + maxGrowthMegabytes } } })).toEqual([]);
  });
});
