/**
 * What costs the ledger much is read once at a time. Those who ask while it is being read share the next reading: one that began
 * before they asked may lack what they have just done, and its failure is not theirs.
 */
export function sharedRead<Key, Result>(read: (key: Key) => Promise<Result>): (key: Key) => Promise<Result> {
  const underWay = new Map<Key, Reading<Result>>();

  const start = (key: Key): Promise<Result> => {
    const result = read(key).finally(() => {
      if (reading.next === undefined) underWay.delete(key);
    });
    const reading: Reading<Result> = { result, next: undefined };
    underWay.set(key, reading);
    return result;
  };

  return (key) => {
    const reading = underWay.get(key);
    if (reading === undefined) return start(key);
    const startNext = (): Promise<Result> => start(key);
    reading.next ??= reading.result.then(startNext, startNext);
    return reading.next;
  };
}

interface Reading<Result> {
  readonly result: Promise<Result>;
  /** Begins when this one has ended; undefined while nobody has asked for it. */
  next: Promise<Result> | undefined;
}
