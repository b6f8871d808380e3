import { pauseQueue, resumeQueue } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { eventually } from '@orderly/testing';
import { setUp, type Setup } from './setup';

const everySecond = { 'expire-tokens': '* * * * * *', 'expire-history': '* * * * * *', 'rotate-logs': '* * * * * *' };

let cron: Setup;
beforeEach(async () => {
  cron = await setUp();
});
afterEach(() => cron.close());

describe('the paused queue maintenance', () => {
  it('plans due runs, and starts none until it is resumed', async () => {
    await pauseQueue(cron.db, 'maintenance', { actor: testActor });
    await cron.startProcess({ schedules: everySecond });
    const planned = await eventually(async () => {
      const runs = await cron.runs();
      expect(runs.length).toBeGreaterThanOrEqual(4);
      return runs;
    });
    expect(planned.map(({ state }) => state)).toEqual(planned.map(() => 'queued'));
    expect(await cron.db.query(`select distinct state, attempts_used, tries from jobs`)).toEqual([
      { state: 'runnable', attempts_used: 0, tries: 0 },
    ]);

    await resumeQueue(cron.db, 'maintenance', { actor: testActor });
    await eventually(async () =>
      expect((await cron.runs()).filter(({ state }) => state === 'done').length).toBeGreaterThanOrEqual(planned.length),
    );
  });
});
