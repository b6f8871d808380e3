import { sharedRead } from './shared-read';

/** Reads that end when the test ends them, the oldest first. */
function startReadings() {
  const begun: PromiseWithResolvers<string>[] = [];
  const ask = sharedRead<string, string>(() => {
    const reading = Promise.withResolvers<string>();
    begun.push(reading);
    return reading.promise;
  });
  return { begun, ask };
}

describe('a shared read', () => {
  it('runs once more for all callers that arrive during a run, so no result is older than its call', async () => {
    const { begun, ask } = startReadings();
    const first = ask('key');
    const meanwhile = [ask('key'), ask('key'), ask('key')];
    expect(begun).toHaveLength(1);
    begun[0]!.resolve('before');
    expect(await first).toBe('before');
    expect(begun).toHaveLength(2);
    const later = ask('key');
    begun[1]!.resolve('after');
    expect(await Promise.all(meanwhile)).toEqual(['after', 'after', 'after']);
    begun[2]!.resolve('latest');
    expect(await later).toBe('latest');
    expect(begun).toHaveLength(3);
  });

  it('does not fail for later callers after a failed run', async () => {
    const { begun, ask } = startReadings();
    const first = ask('key');
    const second = ask('key');
    begun[0]!.reject(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    begun[1]!.resolve('back');
    expect(await second).toBe('back');
  });

  it('is not shared between keys, and leaves nothing behind', async () => {
    const { begun, ask } = startReadings();
    const both = [ask('one'), ask('other')];
    expect(begun).toHaveLength(2);
    begun.forEach((reading, index) => reading.resolve(String(index)));
    expect(await Promise.all(both)).toEqual(['0', '1']);
    const again = ask('one');
    begun[2]!.resolve('2');
    expect(await again).toBe('2');
  });
});
