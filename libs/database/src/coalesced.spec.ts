import { coalesced } from './coalesced';
import { patienceMs } from './retried';

const timedOut = (): Error => Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });

/** Four calls that share a statement, which times out after this long. */
async function fourCalls(tookMs: number) {
  const sizes: number[] = [];
  let nowMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const run = async (items: readonly number[]): Promise<readonly number[]> => {
    sizes.push(items.length);
    nowMs += tookMs;
    throw timedOut();
  };
  const call = coalesced<number, number>({ run, maxBatch: 10, maxInFlight: 1 });
  const results = await Promise.allSettled([1, 2, 3, 4].map(call));
  return { sizes, failed: results.filter(({ status }) => status === 'rejected').length };
}

afterEach(() => jest.restoreAllMocks());

describe('a coalesced statement that times out', () => {
  it('is split while its callers are still there', async () => {
    const { sizes, failed } = await fourCalls(0);
    expect(failed).toBe(4);
    expect(sizes.slice(0, 3)).toEqual([4, 2, 1]);
  });

  it('fails as a whole if its callers cannot wait for its parts', async () => {
    expect(await fourCalls(patienceMs + 1)).toEqual({ sizes: [4], failed: 4 });
  });
});
