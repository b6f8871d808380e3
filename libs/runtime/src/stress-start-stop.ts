import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Service } from './service';

/**
 * Tests that a service keeps the guarantees of {@link Service} when it is stopped at any moment, and that it leaves no handle open.
 *
 * @param makeService called for every run, because a service cannot be restarted
 * @throws AssertionError that names the broken guarantee
 */
export async function stressStartStop(makeService: () => Service | Promise<Service>, { rounds = 10 } = {}): Promise<void> {
  // The first run may open handles that stay open for good, such as a shared DNS cache.
  await startThenStop(await makeService());
  const before = openResources();
  for (let round = 0; round < rounds; round++) {
    await startThenStop(await makeService());
    await stopDuringStart(await makeService());
    await stopTwiceAtOnce(await makeService());
    await stopUnstarted(await makeService());
  }
  await resourcesReturnTo(before);
}

async function startThenStop(service: Service): Promise<void> {
  await service.start();
  await service.stop();
  await service.stop();
}

async function stopDuringStart(service: Service): Promise<void> {
  const start = service.start().then(
    () => 'started',
    (error: unknown) => error,
  );
  await service.stop();
  const result = await start;
  assert.ok(
    result === 'started' || (result as Error).name === 'ShutdownError',
    `${service.name}: stopped during start, start rejected with ${String(result)}`,
  );
}

async function stopTwiceAtOnce(service: Service): Promise<void> {
  await service.start();
  await Promise.all([service.stop(), service.stop()]);
}

async function stopUnstarted(service: Service): Promise<void> {
  await service.stop();
  await assert.rejects(service.start(), { name: 'ShutdownError' }, `${service.name}: started although it had been stopped`);
}

/** The open handles of the process, by kind. */
function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Waits for closing handles: they close a few turns of the event loop after the call. */
async function resourcesReturnTo(before: ReadonlyMap<string, number>, timeoutMs = 30_000): Promise<void> {
  const leaked = (): readonly string[] =>
    [...openResources()].filter(([kind, count]) => kind !== 'Immediate' && count > (before.get(kind) ?? 0)).map(([kind]) => kind);
  const deadline = Date.now() + timeoutMs;
  while (leaked().length > 0 && Date.now() < deadline) await nextTurn();
  assert.deepEqual(leaked(), [], 'handles stay open after stop');
}
