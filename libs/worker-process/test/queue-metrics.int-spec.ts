import { metrics } from '@orderly/observability';
import { eventually } from '@orderly/testing';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';
import { buildErpWorker, insertJobs, queue } from './erp-worker';

let fixture: WorkerFixture;
beforeEach(async () => {
  fixture = await createWorkerFixture();
});
afterEach(async () => {
  await fixture.close();
  jest.restoreAllMocks();
});

it('a worker names its queues, and reports at each scrape how long their oldest job has waited', async () => {
  const observe = jest.spyOn(metrics.queueOldestWait, 'observe');
  await fixture.db.query(
    `insert into holds (scope, key, reason, until) values ('queue', $1, 'paused', now() + interval '100 years')`,
    [queue],
  );
  await fixture.run(buildErpWorker(fixture.env, () => Promise.reject(new Error('nothing is to run'))));
  expect(await fixture.db.query('select queues from processes')).toEqual([{ queues: [queue] }]);
  const scrape = observe.mock.calls[0]![0];
  expect(await scrape()).toEqual([{ value: 0, labels: { queue } }]);

  const [id] = await insertJobs(fixture, 3);
  await fixture.db.query(`update jobs set run_at = now() - interval '100 s' where id = $1`, [id]);
  await eventually(async () => {
    const value = (await scrape())[0]?.value;
    expect(value).toBeGreaterThanOrEqual(100);
    expect(value).toBeLessThan(120);
  });
});
