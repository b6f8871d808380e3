import { createLogger } from '@orderly/observability';
import { eventually } from '@orderly/testing';
import { created } from '@orderly/worker-process/testing';
import { buildApp } from '../src/app';
import { loadOrderSyncWorkerConfig } from '../src/config';
import { setUp, type SyncSetup } from './sync-setup';

let sync: SyncSetup;
afterEach(() => sync.close());

const isAboutDestinations = (line: string): boolean => line.includes('does not declare');

/** A worker that logs into `lines`, with some destinations of the fixture in its file. */
async function startWorker(lines: string[], declared: readonly string[], served?: string): Promise<void> {
  const config = loadOrderSyncWorkerConfig({ ...sync.env, ...(served !== undefined && { ORDERLY_DESTINATIONS: served }) });
  const logger = createLogger({ service: 'test', level: 'warn', destination: { write: (line) => void lines.push(line) } });
  const destinations = sync.destinations.filter(({ name }) => declared.includes(name));
  await sync.run(buildApp(config, { ...sync.deps, logger, destinations }));
}

it('a worker serves the destinations in ORDERLY_DESTINATIONS, and leaves the others to other workers', async () => {
  sync = await setUp({ name: 'erp' }, { name: 'wms' });
  const lines: string[] = [];
  await startWorker(lines, ['erp', 'wms'], 'erp');
  await sync.apply([created('A')]);
  await sync.ended('A', 1, 'done', 'erp');
  expect(await sync.job('A', 1, 'wms')).toMatchObject({ state: 'runnable', tries: 0 });
  await startWorker(lines, ['erp', 'wms'], 'wms');
  await sync.ended('A', 1, 'done', 'wms');
  expect(lines.filter(isAboutDestinations)).toEqual([]);
});

// Promise 6: a person can find every job that does not move.
it('a worker warns at start-up about destinations with open jobs that its file does not declare', async () => {
  sync = await setUp({ name: 'erp' }, { name: 'wms' });
  await sync.apply([created('A')]);
  const lines: string[] = [];
  await startWorker(lines, ['erp']);
  const [warning = ''] = await eventually(() => {
    const warnings = lines.filter(isAboutDestinations);
    expect(warnings).toHaveLength(1);
    return warnings;
  });
  expect(JSON.parse(warning)).toMatchObject({ destinations: ['wms'], declared: ['erp'] });
});
