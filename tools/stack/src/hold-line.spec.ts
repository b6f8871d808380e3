import { clock, holdLine, type Hold } from './hold-line';

const today = (time: string): Date => new Date(`${new Date().toDateString()} ${time}`);

const hold = (change: Partial<Hold>): Hold => ({
  ...{ scope: 'queue', key: 'order-sync.erp', reason: 'paused', note: null, actor: null },
  ...{ since: today('10:00:00'), until: today('10:00:30') },
  ...change,
});

describe('holdLine', () => {
  it.each<[string, Partial<Hold>, string]>([
    [
      'names the start, the person and the reason of a pause, and no end',
      { actor: 'ada', note: 'they move' },
      'The queue order-sync.erp has been paused since 10:00:00, by ada (“they move”)',
    ],
    ['omits unknown facts of a pause', {}, 'The queue order-sync.erp has been paused since 10:00:00'],
    [
      'names the end of throttling',
      { scope: 'destination', key: 'erp', reason: 'throttled' },
      'The destination erp is throttled until 10:00:30',
    ],
    [
      'names the time of the next probe of a held destination',
      { scope: 'destination', key: 'erp', reason: 'destination-unauthorized' },
      'The destination erp has been held since 10:00:00 (destination-unauthorized); one job tries again at 10:00:30',
    ],
  ])('%s', (_what, change, line) => expect(holdLine(hold(change))).toBe(line));

  it('adds the date to a time before today', () => {
    expect(clock(new Date(2026, 0, 15, 10), new Date(2026, 0, 16, 9))).toBe('2026-01-15 10:00:00');
  });
});
