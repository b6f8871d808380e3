import { destinationOfQueue, queueNames, syncQueueName } from './queues';

describe('the queues', () => {
  it('has one queue for each destination, from which the destination can be told', () => {
    expect(syncQueueName('erp')).toBe('order-sync.erp');
    expect(destinationOfQueue(syncQueueName('erp'))).toBe('erp');
  });

  it.each(Object.values(queueNames))('%s serves no destination', (queue) => {
    expect(destinationOfQueue(queue)).toBeUndefined();
  });
});
