/**
 * Call it in a `describe`. It returns a function that registers clean-up work. After the last test all registered work runs in
 * reverse order, even if the start failed half-way or other work fails.
 */
export function endAfterAll(): (end: () => unknown) => void {
  const ends: (() => unknown)[] = [];
  afterAll(async () => {
    const failures: unknown[] = [];
    for (const end of ends.reverse())
      await Promise.resolve()
        .then(end)
        .catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'Some clean-up work failed');
  }, 60_000);
  return (end) => void ends.push(end);
}
