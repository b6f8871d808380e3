import { applyOrderEvent, cleanupTasks, jobPriority, sendNotification, syncOrder } from '@orderly/contracts';
import { InvalidPayloadError } from '@orderly/errors';
import { newJob } from './new-job';

const runId = '01980000-0000-7000-8000-000000000001';

describe('a new job', () => {
  it.each([
    [newJob(applyOrderEvent, { orderId: 'o' }), 3, 'order-status'],
    [newJob(syncOrder, { orderId: 'o', destination: 'erp', version: 1 }), 3, 'order-sync.erp'],
    [newJob(sendNotification, { orderId: 'o', version: 1, kind: 'shipped' }), 2, 'notifications'],
    [newJob(cleanupTasks['rotate-logs'], { runId }), 4, 'maintenance'],
  ])('has the priority and the queue of its policy: %#', (job, priority, queue) => {
    expect(job).toMatchObject({ priority, queue, state: 'runnable' });
  });

  it.each(Object.entries(jobPriority))('may override its priority, but always has one: %s is %i', (priority, number) => {
    expect(newJob(applyOrderEvent, { orderId: 'o' }, { priority: priority as keyof typeof jobPriority }).priority).toBe(number);
    expect(newJob(applyOrderEvent, { orderId: 'o' }, { priority: undefined }).priority).toBe(3);
  });

  it('has a unique id, and later jobs have greater ids', () => {
    const ids = Array.from({ length: 100 }, () => newJob(applyOrderEvent, { orderId: 'o' }).id);
    expect(new Set(ids).size).toBe(100);
    expect(ids.toSorted()).toEqual(ids);
  });

  it('carries only what its payload declares', () => {
    const payload = { orderId: 'o', destination: 'erp', version: 1, extra: true };
    expect(newJob(syncOrder, payload).payload).toEqual({ orderId: 'o', destination: 'erp', version: 1 });
  });

  it('is refused if its payload does not parse', () => {
    expect(() => newJob(syncOrder, { orderId: 'o', destination: '', version: 1 })).toThrow(InvalidPayloadError);
    expect(() => newJob(syncOrder, { orderId: 'o', destination: 'erp', version: 0 })).toThrow(/sync-order/);
  });
});
