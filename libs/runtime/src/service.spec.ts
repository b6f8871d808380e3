import { setImmediate as nextTurn } from 'node:timers/promises';
import { composeServices } from './compose-services';
import { createService, type Service } from './service';
import { stressStartStop } from './testing';

/** A service that records its calls in a journal. */
const journalled = (
  journal: string[],
  name: string,
  parts: { start?: () => Promise<void>; stop?: () => Promise<void> } = {},
): Service =>
  createService({
    name,
    async start() {
      journal.push(`start ${name}`);
      await nextTurn();
      await parts.start?.();
      journal.push(`started ${name}`);
    },
    async stop() {
      journal.push(`stop ${name}`);
      await nextTurn();
      await parts.stop?.();
      journal.push(`stopped ${name}`);
    },
  });

const fail = (message: string) => async () => {
  throw new Error(message);
};

/** A start that ends only by its signal. */
const startForever = (signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('createService', () => {
  it('keeps the guarantees of a service when stopped at any moment', async () => {
    await stressStartStop(() => journalled([], 'a'));
  });

  it('waits for the start in progress before it stops', async () => {
    const journal: string[] = [];
    const service = journalled(journal, 'a');
    const start = service.start();
    await service.stop();
    await expect(start).rejects.toThrow('a is stopping');
    expect(journal).toEqual(['start a', 'started a', 'stop a', 'stopped a']);
  });

  it('releases the resources of a failed start, and rejects with the error of the start', async () => {
    const journal: string[] = [];
    const service = journalled(journal, 'a', { start: fail('no server'), stop: fail('not open') });
    await expect(service.start()).rejects.toThrow('no server');
    expect(journal).toEqual(['start a', 'stop a']);
  });

  it('interrupts a waiting start', async () => {
    const service = createService({ name: 'a', start: startForever, stop: async () => undefined });
    const start = service.start();
    await service.stop();
    await expect(start).rejects.toThrow('a is stopping');
  });
});

describe('composeServices', () => {
  it('keeps the guarantees of a service', async () => {
    await stressStartStop(() => composeServices('all', [journalled([], 'a'), [journalled([], 'b'), journalled([], 'c')]]));
  });

  it('starts groups in order, stops them in reverse order, and handles members of a group concurrently', async () => {
    const journal: string[] = [];
    const all = composeServices('all', [journalled(journal, 'a'), [journalled(journal, 'b'), journalled(journal, 'c')]]);
    await all.start();
    await all.stop();
    expect(journal).toEqual(
      ['start a', 'started a', 'start b', 'start c', 'started b', 'started c'].concat([
        'stop b',
        'stop c',
        'stopped b',
        'stopped c',
        'stop a',
        'stopped a',
      ]),
    );
  });

  it('stops started parts if a part fails to start, and starts no other', async () => {
    const journal: string[] = [];
    const failing = journalled(journal, 'b', { start: fail('no server') });
    const all = composeServices('all', [journalled(journal, 'a'), failing, journalled(journal, 'c')]);
    await expect(all.start()).rejects.toThrow('no server');
    expect(journal).toEqual(['start a', 'started a', 'start b', 'stop b', 'stopped b', 'stop a', 'stopped a']);
  });

  it('interrupts a part with a waiting start', async () => {
    const waiting = createService({ name: 'waiting', start: startForever, stop: async () => undefined });
    const all = composeServices('all', [journalled([], 'a'), waiting]);
    const start = all.start();
    await nextTurn();
    await nextTurn();
    await all.stop();
    await expect(start).rejects.toMatchObject({ name: 'ShutdownError' });
  });

  it('stops every part even if one fails to stop', async () => {
    const journal: string[] = [];
    const failing = journalled(journal, 'b', { stop: fail('stuck') });
    const all = composeServices('all', [journalled(journal, 'a'), failing, journalled(journal, 'c')]);
    await all.start();
    await expect(all.stop()).rejects.toThrow('stuck');
    expect(journal).toContain('stopped a');
  });

  it('reports all failures if several parts fail to stop', async () => {
    const all = composeServices('all', [journalled([], 'a', { stop: fail('one') }), journalled([], 'b', { stop: fail('two') })]);
    await all.start();
    await expect(all.stop()).rejects.toMatchObject({ errors: [{ message: 'two' }, { message: 'one' }] });
  });

  it('names the parts that are not stopped yet, including those of inner groups', async () => {
    const released = Promise.withResolvers<void>();
    const hanging = journalled([], 'hanging', { stop: () => released.promise });
    const all = composeServices('all', [journalled([], 'a'), composeServices('inner', [hanging, journalled([], 'b')])]);
    await all.start();
    const stop = all.stop();
    while (all.unstopped?.().includes('b')) await nextTurn();
    expect(all.unstopped?.()).toEqual(['a', 'hanging']);
    released.resolve();
    await stop;
    expect(all.unstopped?.()).toEqual([]);
  });
});
