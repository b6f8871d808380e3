import { createSparseLog } from './sparse-log';

describe('createSparseLog', () => {
  it('writes the first fact at once, then one per interval with a count', () => {
    let now = 0;
    const lines: [string, number][] = [];
    const log = createSparseLog<string>((detail, count) => lines.push([detail, count]), { intervalMs: 100, now: () => now });
    log('a');
    log('b');
    now = 99;
    log('c');
    now = 100;
    log('d');
    expect(lines).toEqual([
      ['a', 1],
      ['d', 3],
    ]);
  });
});
