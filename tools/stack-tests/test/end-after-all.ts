/**
 * Call it in a `describe`: what is then handed to the function that it gives is called after the last test, in reverse order,
 * however far the start has come and whatever else fails to end.
 */
export function endAfterAll(): (end: () => unknown) => void {
  const ends: (() => unknown)[] = [];
  afterAll(async () => {
    const failures: unknown[] = [];
    for (const end of ends.reverse())
      await Promise.resolve()
        .then(end)
        .catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be ended');
  }, 60_000);
  return (end) => void ends.push(end);
}
