import { deliveryKey } from './delivery-key';

const delivery = { destination: 'erp', orderId: 'o-1', version: 3, epoch: 0 };

describe('deliveryKey', () => {
  it('never changes between releases, because partners remember it', () => {
    expect(deliveryKey(delivery)).toBe('f880fd505a04220895b3853cf8326901a84c25b8d7934d1d072714a6ab465f4e');
    expect(deliveryKey({ epoch: 0, version: 3, orderId: 'o-1', destination: 'erp' })).toBe(
      'f880fd505a04220895b3853cf8326901a84c25b8d7934d1d072714a6ab465f4e',
    );
  });

  it.each([{ destination: 'wms' }, { orderId: 'o-2' }, { version: 4 }, { epoch: 1 }])('differs with %j', (change) => {
    expect(deliveryKey({ ...delivery, ...change })).not.toBe(deliveryKey(delivery));
  });

  it('differs if text moves from one part to the next', () => {
    expect(deliveryKey({ ...delivery, destination: 'erp","o', orderId: '1' })).not.toBe(
      deliveryKey({ ...delivery, destination: 'erp', orderId: 'o","1' }),
    );
    expect(deliveryKey({ ...delivery, version: 1, epoch: 11 })).not.toBe(deliveryKey({ ...delivery, version: 11, epoch: 1 }));
  });
});
