import { createFaultLog } from './fault-log';

function setup() {
  const lines: string[] = [];
  const counts: unknown[] = [];
  const changes: boolean[] = [];
  const clock = { ms: 0 };
  const warn = (fields: { count: unknown }, text: string): void => {
    lines.push(text);
    counts.push(fields.count);
  };
  const faults = createFaultLog({ warn } as never, {
    fails: 'Redis fails',
    worksAgain: 'Redis works again',
    onChange: (works) => changes.push(works),
    intervalMs: 100,
    now: () => clock.ms,
  });
  return { faults, lines, counts, changes, clock };
}

describe('createFaultLog', () => {
  it('writes a failure at once, then once per interval with a count, and its end once', () => {
    const { faults, lines, counts, clock } = setup();
    faults.failed('relay', new Error('away'), 10);
    faults.failed('relay', new Error('away'), 20);
    clock.ms = 99;
    faults.failed('relay', new Error('away'), 30);
    clock.ms = 100;
    faults.failed('relay', new Error('away'), 40);
    faults.works('relay');
    faults.works('relay');
    expect(lines).toEqual(['Redis fails: away', 'Redis fails: away', 'Redis works again']);
    expect(counts).toEqual([10, 90, 0]);
  });

  it('writes another reason at once', () => {
    const { faults, lines } = setup();
    faults.failed('redis', new Error('away'));
    faults.failed('redis', new AggregateError([new Error('wrong password')]));
    expect(lines).toEqual(['Redis fails: away', 'Redis fails: wrong password']);
  });

  it('says that it works again only when every part does', () => {
    const { faults, lines, changes } = setup();
    faults.failed('a', new Error('away'));
    faults.failed('b', new Error('away'));
    faults.works('a');
    faults.works('c');
    expect(lines).toEqual(['Redis fails: away']);
    faults.works('b');
    expect(lines).toEqual(['Redis fails: away', 'Redis works again']);
    expect(changes).toEqual([false, true]);
  });

  it('is silent about a part that flaps, until the interval is over', () => {
    const { faults, lines, clock } = setup();
    for (let round = 0; round < 5; round++) {
      faults.failed('redis', new Error('away'));
      faults.works('redis');
    }
    expect(lines).toEqual(['Redis fails: away', 'Redis works again']);
    clock.ms = 100;
    faults.failed('redis', new Error('away'));
    expect(lines).toHaveLength(3);
  });

  it('reports a part that works from the start, without a line', () => {
    const { faults, lines, changes } = setup();
    faults.works('redis');
    faults.works('redis');
    expect(changes).toEqual([true]);
    expect(lines).toEqual([]);
  });
});
