import { RemarkFilter } from './remark-filter';

describe('RemarkFilter', () => {
  it('prints a line once, then counts repeats, then prints it again with the count', () => {
    const filter = new RemarkFilter();
    expect(filter.pass('status-worker: Redis is away (try 1)', 0)).toBe('status-worker: Redis is away (try 1)');
    expect(filter.pass('status-worker: Redis is away (try 2)', 1_000)).toBeUndefined();
    expect(filter.pass('status-worker: Redis is away (try 3)', 29_999)).toBeUndefined();
    expect(filter.pass('status-worker: Redis is away (try 4)', 30_000)).toBe(
      'status-worker: Redis is away (try 4) (and 2 more like it)',
    );
  });

  it('prints a different line at once', () => {
    const filter = new RemarkFilter();
    filter.pass('status-worker: Redis is away', 0);
    expect(filter.pass('status-worker: PostgreSQL is away', 1)).toBe('status-worker: PostgreSQL is away');
  });
});
