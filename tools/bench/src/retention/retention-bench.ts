import { createDatabase } from '@orderly/database';
import { migrate } from '@orderly/migrations';
import { startPostgres } from '@orderly/servers';
import { Command } from 'commander';
import { remark, wholeNumber, type BenchContext } from '../bench-context';
import { measureRetention } from './measure-retention';

/** A laptop makes and removes so many in some minutes; 20,000,000 take some 40 GB of disk and most of an hour. */
const defaultRows = 1_000_000;

/** `npm run bench -- retention`: removes a week of made-up rows as cleanup-cron does, and shows what it costs. */
export const retentionBench = (context: BenchContext): Command =>
  new Command('retention')
    .description('makes a week of events, jobs, attempts, messages and keys past retention, and removes it')
    .option('--rows <number>', 'rows of each kind; a tenth of it is measured first', wholeNumber(1000, 50_000_000), defaultRows)
    .option(
      '--minutes <number>',
      'stops making rows after so long, and measures with those that are there',
      wholeNumber(1, 240),
      60,
    )
    .action(async ({ rows, minutes }: { rows: number; minutes: number }) => {
      // Never the server of DATABASE_URL: it may hold a ledger that is in use.
      const environment = { ...context.environment, DATABASE_URL: undefined };
      const server = await startPostgres({ environment, report: (line) => remark(context, line) });
      // Statements are planned as cleanup-cron has them planned.
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
