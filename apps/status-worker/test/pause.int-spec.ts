import { pauseQueue, resumeQueue } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { eventually } from '@orderly/testing';
import { created, moved } from '@orderly/worker-process/testing';
import { setUp, type StatusSetup } from './status-setup';

let statuses: StatusSetup;
beforeEach(async () => {
  statuses = await setUp();
});
afterEach(() => statuses.close());

describe('the paused queue order-status', () => {
  it('applies nothing until it is resumed, not even a parked event at its deadline', async () => {
    const { db } = statuses;
    await statuses.startWorker();
    const [early = ''] = await statuses.accept([moved('B', 'shipped')]);
    await eventually(async () => expect(await statuses.event(early)).toMatchObject({ state: 'parked' }));

    await pauseQueue(db, 'order-status', { actor: testActor });
    const ids = await statuses.accept([created('A'), moved('A', 'confirmed')]);
    await db.query('update jobs set run_at = now() where id = $1', [early]);
    await eventually(async () => {
      expect(await statuses.queue('order-status').getRateLimitTtl()).toBeGreaterThan(0);
      expect(await statuses.queue('order-status').getPrioritizedCount()).toBe(3);
    });
    expect(await statuses.order('A')).toBeUndefined();
    for (const id of ids) expect(await statuses.event(id)).toMatchObject({ state: 'runnable', attempts_used: 0 });
    expect(await statuses.event(early)).toMatchObject({ state: 'parked', attempts_used: 0 });

    await resumeQueue(db, 'order-status', { actor: testActor });
    for (const id of ids) expect(await statuses.ended(id, 'done')).toMatchObject({ attempts_used: 1 });
    await statuses.ended(early, 'dead');
    expect(await statuses.order('A')).toMatchObject({ status: 'confirmed', version: 2 });
  });
});
