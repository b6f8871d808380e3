import { createService, type Service } from './service';

/**
 * Combines several services into one. Groups start in order and stop in reverse order; the members of a group start and stop
 * concurrently. If a part fails to start, or the service is stopped during the start, the started parts are stopped. If a part
 * fails to stop, the others are still stopped.
 *
 * @throws AggregateError from `stop`, if several parts failed to stop
 */
export function composeServices(name: string, groups: readonly (Service | readonly Service[])[]): Service {
  const begun: (readonly Service[])[] = [];
  const open = new Set<Service>();

  const startGroup = async (group: readonly Service[], signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    begun.push(group);
    // A member may wait for a server that never answers. Only its own stop ends this wait.
    const interrupt = (): void => void stopGroup(group);
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      for (const service of group) open.add(service);
      throwFailures(await Promise.allSettled(group.map((service) => service.start())), firstOnly);
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  };

  const stopGroup = (group: readonly Service[]): Promise<PromiseSettledResult<void>[]> =>
    Promise.allSettled(group.map((service) => service.stop().finally(() => open.delete(service))));

  return createService({
    name,
    async start(signal) {
      for (const entry of groups) await startGroup('start' in entry ? [entry] : entry, signal);
    },
    async stop() {
      const results: PromiseSettledResult<void>[] = [];
      for (const group of begun.toReversed()) results.push(...(await stopGroup(group)));
      throwFailures(results, (failures) =>
        failures.length === 1 ? failures[0] : new AggregateError(failures, `${name} did not stop cleanly`),
      );
    },
    unstopped: () => [...open].flatMap((service) => service.unstopped?.() ?? [service.name]),
  });
}

const firstOnly = (failures: readonly unknown[]): unknown => failures[0];

function throwFailures(results: readonly PromiseSettledResult<void>[], combine: (failures: readonly unknown[]) => unknown): void {
  const failures = results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown);
  if (failures.length > 0) throw combine(failures);
}
