import { eventually } from '@orderly/testing';
import { created, moved } from '@orderly/worker-process/testing';
import { setUp, type StatusSetup } from './status-setup';

let status: StatusSetup;
beforeEach(async () => {
  status = await setUp();
});
afterEach(() => status.close());

const isParked = (eventId: string) =>
  eventually(async () => expect(await status.event(eventId)).toMatchObject({ state: 'parked', attempts_used: 0 }));

describe('an event that arrives before its step', () => {
  it('waits without using an attempt, and is applied when the step arrives', async () => {
    await status.startWorker();
    const [delivered] = await status.accept([moved('A', 'delivered')]);
    await isParked(delivered!);
    const [shipped] = await status.accept([moved('A', 'shipped')]);
    await isParked(shipped!);
    await status.accept([created('A'), moved('A', 'confirmed')]);
    expect(await status.ended(delivered!, 'done')).toMatchObject({ result_version: 4, attempts_used: 1 });
    expect(await status.ended(shipped!, 'done')).toMatchObject({ result_version: 3, attempts_used: 1 });
    expect((await status.history('A')).map(({ to_status }) => to_status)).toEqual([
      'pending',
      'confirmed',
      'shipped',
      'delivered',
    ]);
  });

  it('is parked for the configured time, counted from its acceptance', async () => {
    await status.startWorker({ parkedDeadlineMs: 60_000 });
    const [id] = await status.accept([moved('A', 'shipped')]);
    await isParked(id!);
    const [row] = await status.db.query<{ ms: number }>(
      `select extract(epoch from j.run_at - e.accepted_at)::float8 * 1000 as ms from jobs j join events e on e.event_id = j.id`,
    );
    expect(Math.abs(row!.ms - 60_000)).toBeLessThan(10);
  });

  it.each([
    ['becomes a dead letter at its deadline', 'dead-letter', 'dead'],
    ['is applied at its deadline if configured so, and the history names the skipped statuses', 'apply', 'done'],
  ] as const)('%s', async (_what, parkedAtDeadline, outcome) => {
    await status.startWorker({ parkedDeadlineMs: 500, parkedAtDeadline });
    const [first, shipped] = await status.accept([created('A'), moved('A', 'shipped')]);
    await status.ended(first!, 'done');
    const job = await status.ended(shipped!, outcome);
    expect(job.attempts_used).toBe(1);
    const syncs = (await status.jobs('A')).filter(({ name }) => name === 'sync-order');
    if (parkedAtDeadline === 'dead-letter') {
      expect(job.error_code).not.toBeNull();
      expect(await status.order('A')).toMatchObject({ status: 'pending', version: 1 });
      expect(syncs).toHaveLength(1);
    } else {
      expect(await status.order('A')).toMatchObject({ status: 'shipped', version: 2 });
      expect((await status.history('A')).at(-1)).toMatchObject({
        from_status: 'pending',
        to_status: 'shipped',
        skipped: ['confirmed'],
      });
    }
  });

  it.each(['apply', 'dead-letter'] as const)(
    'becomes a dead letter order-unknown if the order never arrived (%s)',
    async (policy) => {
      await status.startWorker({ parkedDeadlineMs: 500, parkedAtDeadline: policy });
      const [id] = await status.accept([moved('A', 'shipped')]);
      expect(await status.ended(id!, 'dead')).toMatchObject({ error_code: 'order-unknown' });
      expect(await status.jobs('A')).toEqual([]);
    },
  );

  it('keeps its deadline when the worker that parked it is gone', async () => {
    const first = await status.startWorker({ parkedDeadlineMs: 60_000 });
    const [id] = await status.accept([moved('A', 'shipped')]);
    await isParked(id!);
    await status.stop(first);
    await status.db.query(`update jobs set run_at = now() where id = $1`, [id]);
    await status.startWorker();
    await status.ended(id!, 'dead');
  });
});
