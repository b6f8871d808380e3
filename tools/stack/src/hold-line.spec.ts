import { clock, holdLine, type Hold } from './hold-line';

const today = (time: string): Date => new Date(`${new Date().toDateString()} ${time}`);

const hold = (change: Partial<Hold>): Hold => ({
  ...{ scope: 'queue', key: 'order-sync.erp', reason: 'paused', note: null, actor: null },
  ...{ since: today('10:00:00'), until: today('10:00:30') },
  ...change,
});

describe('a line about a hold', () => {
  it.each<[string, Partial<Hold>, string]>([
    [
      'tells since when a queue is paused and by whom, and no end: there is none',
      { actor: 'ada', note: 'they move' },
      'The queue order-sync.erp is paused since 10:00:00, by ada (“they move”)',
    ],
    ['does without what is not known', {}, 'The queue order-sync.erp is paused since 10:00:00'],
    [
      'tells until when a destination asked for time',
      { scope: 'destination', key: 'erp', reason: 'throttled' },
      'The destination erp asked for time until 10:00:30',
    ],
    [
      'tells when a destination that refuses us is tried again',
      { scope: 'destination', key: 'erp', reason: 'destination-unauthorized' },
      'The destination erp is held since 10:00:00 (destination-unauthorized); one job tries it at 10:00:30',
    ],
  ])('%s', (_what, change, line) => expect(holdLine(hold(change))).toBe(line));

  it('names the day of what is older than today', () => {
    expect(clock(new Date(2026, 0, 15, 10), new Date(2026, 0, 16, 9))).toBe('2026-01-15 10:00:00');
  });
});
