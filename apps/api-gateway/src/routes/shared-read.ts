/**
 * An expensive read of the ledger runs once at a time. Callers that ask while it runs share the next one: the running one began
 * before they asked, so it may lack what they have just done, and its failure is not theirs.
 *
 * @param keyOf - what two equal questions have in common
 */
export function sharedRead<Asked, Result>(
  read: (asked: Asked) => Promise<Result>,
  keyOf: (asked: Asked) => unknown = (asked) => asked,
): (asked: Asked) => Promise<Result> {
  const underWay = new Map<unknown, Reading<Result>>();

  const start = (asked: Asked): Promise<Result> => {
    const key = keyOf(asked);
    const result = read(asked).finally(() => {
      if (reading.next === undefined) underWay.delete(key);
    });
    const reading: Reading<Result> = { result, next: undefined };
    underWay.set(key, reading);
    return result;
  };

  return (asked) => {
    const reading = underWay.get(keyOf(asked));
    if (reading === undefined) return start(asked);
    const startNext = (): Promise<Result> => start(asked);
    reading.next ??= reading.result.then(startNext, startNext);
    return reading.next;
  };
}

interface Reading<Result> {
  readonly result: Promise<Result>;
  /** Begins when this one has ended; undefined while nobody has asked for it. */
  next: Promise<Result> | undefined;
}
