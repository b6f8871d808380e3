import { destinationOfQueue, queueNames, syncQueueName } from './queues';

describe('the queues', () => {
  it('gives each destination a queue, and the queue names its destination', () => {
    expect(syncQueueName('erp')).toBe('order-sync.erp');
    expect(destinationOfQueue(syncQueueName('erp'))).toBe('erp');
  });

  it.each(Object.values(queueNames))('the queue %s has no destination', (queue) => {
    expect(destinationOfQueue(queue)).toBeUndefined();
  });
});
