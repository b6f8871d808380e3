import type { JobCount } from '@orderly/read-model';
import { summarise } from './summarise';

const job = (state: JobCount['state'], count: number): JobCount => ({
  name: 'sync-order',
  destination: 'erp',
  state,
  outcome: null,
  count,
});

describe('summarise', () => {
  it('counts active jobs separately from jobs that wait', () => {
    const jobs = [
      job('runnable', 1),
      job('running', 2),
      job('retrying', 4),
      job('blocked', 8),
      job('parked', 16),
      job('ended', 32),
    ];
    expect(summarise({ batch: 'b' }, { events: { accepted: 3 }, orders: {}, messages: {}, jobs })).toMatchObject({
      batch: 'b',
      open: 7,
      blocked: 8,
      parked: 16,
      ended: 32,
    });
  });
});
