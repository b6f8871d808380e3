import { createDatabase } from '@orderly/database';
import { migrate } from '@orderly/migrations';
import { startPostgres } from '@orderly/servers';
import { Command } from 'commander';
import { remark, wholeNumber, type BenchContext } from '../bench-context';
import { measureRetention } from './measure-retention';

/** A laptop inserts and removes this many rows in a few minutes. 20,000,000 rows take about 40 GB of disk and most of an hour. */
const defaultRows = 1_000_000;

/** `npm run bench -- retention`: removes a week of made-up rows as cleanup-cron does, and shows the cost. */
export const retentionBench = (context: BenchContext): Command =>
  new Command('retention')
    .description('inserts a week of made-up events, jobs, attempts, messages and keys, and measures their removal')
    .option('--rows <number>', 'rows of each kind; a tenth of them is measured first', wholeNumber(1000, 50_000_000), defaultRows)
    .option(
      '--minutes <number>',
      'stops inserting rows after this time, and measures with the rows so far',
      wholeNumber(1, 240),
      60,
    )
    .action(async ({ rows, minutes }: { rows: number; minutes: number }) => {
      // Never uses the server of DATABASE_URL, which may hold a ledger that is in use.
      const environment = { ...context.environment, DATABASE_URL: undefined };
      const server = await startPostgres({ environment, report: (line) => remark(context, line) });
      // Statements are prepared as in cleanup-cron, so that the plans are the same.
      const db = createDatabase({ url: server.url, poolSize: 4, applicationName: 'bench retention', preparesStatements: true });
      try {
        await migrate(server.url, context.migrationsFolder);
        remark(context, server.description);
        await measureRetention(db, { rows, deadline: Date.now() + minutes * 60_000 }, context);
      } finally {
        await db.close();
        await server.stop();
      }
    });
