/**
 * Runs an expensive read once at a time. Callers that arrive during a run share the next run. They must not share the current
 * one: it began before their call, so it may miss their last write, and its failure would become theirs.
 *
 * @param keyOf - returns the same key for equal questions
 * @defaultValue the question itself
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
  /** Starts when this reading ends; undefined until a caller needs it. */
  next: Promise<Result> | undefined;
}
