import { createDatabase, type Database } from '@orderly/database';
import { createApiKey } from '@orderly/ledger';
import { migrate } from '@orderly/migrations';
import { startPostgres, startRedis } from '@orderly/servers';
import { Command } from 'commander';
import { join } from 'node:path';
import { printTable, remark, wholeNumber, type BenchContext } from '../bench-context';
import { offerEvents, type Offered } from './offer-events';
import { startGateway } from './start-gateway';

interface GoodputOptions {
  readonly seconds: number;
  readonly costMs: number;
  readonly percent: number;
  readonly gateway: string;
}

/** Long enough for the gateway to fill its batches, and for the rate to settle. */
const calibrationSeconds = 10;

/** `npm run bench -- goodput`: offers more single events than PostgreSQL can store, and counts those that are accepted. */
export const goodputBench = (context: BenchContext): Command =>
  new Command('goodput')
    .description('offers single events faster than a slowed PostgreSQL stores them, and counts those that are answered 202')
    .option('--seconds <number>', 'duration of the overload', wholeNumber(1, 600), 60)
    .option('--cost-ms <number>', 'time that PostgreSQL takes longer for each event', wholeNumber(1, 100), 4)
    .option('--percent <number>', 'offered rate, in percent of what PostgreSQL stores', wholeNumber(100, 1000), 150)
    // This file ends up in dist/tools/bench/main.cjs.
    .option('--gateway <file>', 'the built api-gateway', join(__dirname, '../../apps/api-gateway/main.cjs'))
    .action(async (options: GoodputOptions) => {
      // Never the servers of the environment: they may be in use.
      const environment = { ...context.environment, DATABASE_URL: undefined, REDIS_URL: undefined };
      const report = (line: string): void => remark(context, line);
      const postgres = await startPostgres({ environment, report });
      const redis = await startRedis({ environment, report });
      const db = createDatabase({ url: postgres.url, poolSize: 2, applicationName: 'bench goodput' });
      try {
        await migrate(postgres.url, context.migrationsFolder);
        report(postgres.description);
        await slowEvents(db, options.costMs);
        await measureGoodput(db, { postgres: postgres.url, redis: redis.url }, options, context);
      } finally {
        await db.close();
        await Promise.all([postgres.stop(), redis.stop()]);
      }
    });

async function measureGoodput(
  db: Database,
  urls: { readonly postgres: string; readonly redis: string },
  { seconds, percent, gateway: file }: GoodputOptions,
  context: BenchContext,
): Promise<void> {
  const actor = { name: 'bench', apiKeyId: null, onBehalfOf: null };
  const { key } = await createApiKey(db, { name: 'bench', scopes: ['events:write'] }, actor);
  const gateway = await startGateway(file, urls);
  try {
    const target = { url: gateway.url, key, signal: context.interrupted };
    // More senders than fit into two statements: PostgreSQL is the limit, and nobody waits for long.
    const calm = await offerEvents(target, { seconds: calibrationSeconds, senders: 300 });
    const storedRate = calm.accepted / calm.seconds;
    remark(context, `PostgreSQL stores ${storedRate.toFixed(0)} events/s`);
    const before = await countEvents(db);
    const over = await offerEvents(target, { seconds, rate: (storedRate * percent) / 100 });
    const stored = (await countEvents(db)) - before;
    printTable(context, 'Goodput', ['measure', 'value'], rowsOf(over, storedRate, stored, gateway.peakMegabytes()));
  } finally {
    await gateway.stop();
  }
}

const rowsOf = (over: Offered, storedRate: number, stored: number, megabytes: number): [string, string][] => [
  ['stored by PostgreSQL when not overloaded', `${storedRate.toFixed(0)}/s`],
  ['offered', `${(over.offered / over.seconds).toFixed(0)}/s for ${over.seconds.toFixed(0)} s`],
  ['accepted (202)', `${(over.accepted / over.seconds).toFixed(0)}/s`],
  ['accepted / stored when not overloaded', (over.accepted / over.seconds / storedRate).toFixed(2)],
  ['accepted in each tenth of the time', over.tenths.join(' ')],
  ['refused at once or dropped unstored (503 overloaded)', String(over.overloaded)],
  ['other answers, and none', String(over.offered - over.accepted - over.overloaded)],
  ['stored, but not answered 202', String(stored - over.accepted)],
  ['time to 202: median, 99th percentile', `${over.medianMs.toFixed(0)} ms, ${over.p99Ms.toFixed(0)} ms`],
  ['memory of the gateway at most', `${megabytes.toFixed(0)} MB`],
];

const countEvents = async (db: Database): Promise<number> =>
  (await db.query<{ count: number }>('select count(*)::int as count from event_keys'))[0]?.count ?? 0;

/** Makes PostgreSQL take longer for each event that it stores. A wait, not work: it leaves the processor to the gateway. */
async function slowEvents(db: Database, costMs: number): Promise<void> {
  await db.query(
    `create function slow_event() returns trigger language plpgsql as
     $$ begin perform pg_sleep(${costMs / 1000}); return new; end $$`,
  );
  await db.query('create trigger slow_event before insert on events for each row execute function slow_event()');
}
