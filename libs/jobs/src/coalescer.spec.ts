import fc from 'fast-check';
import { createCoalescer, type CoalescerOptions } from './coalescer';

class ItemFault extends Error {}

/** A round trip that ends when the test ends it. */
function createRun() {
  const batches: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const run = (items: readonly number[]): Promise<readonly number[]> => {
    batches.push(items);
    return new Promise((resolve) => ends.push(() => resolve(items.map((item) => item * 10))));
  };
  return { batches, ends, run };
}

const options = (overrides: Partial<CoalescerOptions<number, number>>): CoalescerOptions<number, number> => ({
  run: async (items) => items.map((item) => item * 10),
  maxBatch: 100,
  maxInFlight: 2,
  isItemFault: (error) => error instanceof ItemFault,
  ...overrides,
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('the coalescer', () => {
  it('runs the calls of one turn together, and gives each its own result', async () => {
    const { batches, ends, run } = createRun();
    const call = createCoalescer(options({ run }));
    const results = [1, 2, 3].map(call);
    await turn();
    expect(batches).toEqual([[1, 2, 3]]);
    ends[0]!();
    expect(await Promise.all(results)).toEqual([10, 20, 30]);
  });

  it('never exceeds maxBatch items in a batch or maxInFlight batches in flight', async () => {
    const { batches, ends, run } = createRun();
    const sizes: number[] = [];
    const call = createCoalescer(options({ run, maxBatch: 2, onBatch: (size) => sizes.push(size) }));
    const results = [1, 2, 3, 4, 5, 6, 7].map(call);
    await turn();
    await turn();
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    ends[0]!();
    await turn();
    expect(batches).toHaveLength(3);
    for (let index = 1; index < 4; index += 1) {
      ends[index]!();
      await turn();
    }
    expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(sizes).toEqual([2, 2, 2, 1]);
  });

  it('gathers calls into one batch while all round trips are in use', async () => {
    const { batches, ends, run } = createRun();
    const call = createCoalescer(options({ run, maxInFlight: 1 }));
    const first = call(1);
    await turn();
    const others = [call(2)];
    await turn();
    others.push(call(3));
    await turn();
    expect(batches).toEqual([[1]]);
    ends[0]!();
    await turn();
    expect(batches[1]).toEqual([2, 3]);
    ends[1]!();
    expect(await Promise.all([first, ...others])).toEqual([10, 20, 30]);
  });

  it('rejects every call of a batch that failed for another reason than an item, and does not retry', async () => {
    const away = new Error('away');
    const run = jest.fn().mockRejectedValue(away);
    const call = createCoalescer<number, number>(options({ run }));
    const results = await Promise.allSettled([1, 2, 3].map(call));
    expect(results).toEqual(Array.from({ length: 3 }, () => ({ status: 'rejected', reason: away })));
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('continues after a failed batch', async () => {
    let isAway = true;
    const call = createCoalescer(
      options({ maxInFlight: 1, run: async (items) => (isAway ? Promise.reject(new Error('away')) : items) }),
    );
    await expect(call(1)).rejects.toThrow('away');
    isAway = false;
    expect(await call(2)).toBe(2);
  });

  it('rejects the batch if the number of results is wrong, instead of mixing up results', async () => {
    const call = createCoalescer(options({ run: async (items) => items.slice(1) }));
    const results = await Promise.allSettled([1, 2].map(call));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(call(3)).rejects.toThrow('a batch of 1 gave 0 results');
  });

  it('rejects calls beyond maxWaiting at once, and accepts calls again when a batch has left', async () => {
    const { batches, ends, run } = createRun();
    const call = createCoalescer(options({ run, maxInFlight: 1, maxWaiting: 2 }));
    const first = call(1);
    await turn();
    const waiting = [call(2), call(3)];
    await expect(call(4)).rejects.toMatchObject({ code: 'overloaded' });
    ends[0]!();
    await turn();
    const late = call(5);
    ends[1]!();
    await turn();
    ends[2]!();
    expect(await Promise.all([first, ...waiting, late])).toEqual([10, 20, 30, 50]);
    expect(batches).toEqual([[1], [2, 3], [5]]);
  });

  it('drops an item that is no longer wanted when its turn comes, and runs the items behind it', async () => {
    const { batches, ends, run } = createRun();
    const unwanted = new Set<number>();
    const call = createCoalescer(options({ run, maxInFlight: 1, isWanted: (item) => !unwanted.has(item) }));
    const first = call(1);
    await turn();
    const [gone, kept] = [call(2), call(3)];
    unwanted.add(1).add(2);
    ends[0]!();
    await expect(gone).rejects.toMatchObject({ code: 'overloaded' });
    ends[1]!();
    expect(await Promise.all([first, kept])).toEqual([10, 30]);
    expect(batches).toEqual([[1], [3]]);
  });

  it('does not retry an unwanted item when it splits a batch', async () => {
    const unwanted = new Set<number>();
    const run = jest.fn(async (items: readonly number[]) => {
      if (items.includes(2)) {
        unwanted.add(3);
        throw new ItemFault();
      }
      return items;
    });
    const call = createCoalescer(options({ run, isWanted: (item) => !unwanted.has(item) }));
    const results = await Promise.allSettled([1, 2, 3].map(call));
    expect(results).toMatchObject([{ value: 1 }, { reason: new ItemFault() }, { reason: { code: 'overloaded' } }]);
    expect(run.mock.calls.flat()).toEqual([[1, 2, 3], [1], [2]]);
  });

  it('continues when no item of a turn is wanted', async () => {
    const unwanted = new Set([1]);
    const call = createCoalescer(options({ isWanted: (item) => !unwanted.has(item) }));
    await expect(call(1)).rejects.toMatchObject({ code: 'overloaded' });
    expect(call.longestWaitMs()).toBe(0);
    expect(await call(2)).toBe(20);
  });

  it('fills a batch up to its weight, and gives a heavier item its own batch', async () => {
    const { batches, ends, run } = createRun();
    const call = createCoalescer(options({ run, maxInFlight: 1, maxBatch: 5, weightOf: (item) => item }));
    const results = [2, 3, 9, 1, 4, 1].map(call);
    for (let index = 0; index < 4; index += 1) {
      await turn();
      ends[index]!();
    }
    await Promise.all(results);
    expect(batches).toEqual([[2, 3], [9], [1, 4], [1]]);
  });

  it('shrinks batches while they take too long, and grows them again when they are fast', async () => {
    const { batches, ends, run } = createRun();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
    const call = createCoalescer(options({ run, maxInFlight: 1, maxBatch: 8, maxBatchMs: 100 }));
    const results = Array.from({ length: 24 }, (_, index) => call(index));
    let now = 0;
    for (const [index, tookMs] of [400, 10_000, 10, 10, 10].entries()) {
      await turn();
      clock.mockReturnValue((now += tookMs));
      ends[index]!();
    }
    await Promise.all(results);
    clock.mockRestore();
    expect(batches.map(({ length }) => length)).toEqual([8, 2, 1, 8, 5]);
  });

  it('reports how long the next item has waited', async () => {
    const { ends, run } = createRun();
    const call = createCoalescer(options({ run, maxInFlight: 1 }));
    const results = [call(1)];
    await turn();
    expect(call.longestWaitMs()).toBe(0);
    results.push(call(2));
    await turn();
    expect(call.longestWaitMs()).toBeGreaterThan(0);
    ends[0]!();
    await turn();
    expect(call.longestWaitMs()).toBe(0);
    ends[1]!();
    await Promise.all(results);
  });

  it('isolates exactly the bad items, for any calls, batch size and round trips', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 3 }),
        async (isBad, maxBatch, maxInFlight) => {
          let inFlight = 0;
          const done: number[] = [];
          const run = async (items: readonly number[]): Promise<readonly number[]> => {
            inFlight += 1;
            expect(inFlight).toBeLessThanOrEqual(maxInFlight);
            expect(items.length).toBeLessThanOrEqual(maxBatch);
            await Promise.resolve();
            inFlight -= 1;
            if (items.some((item) => isBad[item])) throw new ItemFault();
            done.push(...items);
            return items.map((item) => item * 10);
          };
          const call = createCoalescer(options({ run, maxBatch, maxInFlight }));
          const results = await Promise.allSettled(isBad.map((_bad, item) => call(item)));
          expect(results.map((result) => (result.status === 'fulfilled' ? result.value : 'bad'))).toEqual(
            isBad.map((bad, item) => (bad ? 'bad' : item * 10)),
          );
          expect(done.toSorted((a, b) => a - b)).toEqual(isBad.flatMap((bad, item) => (bad ? [] : [item])));
        },
      ),
      { numRuns: 200 },
    );
  });
});
