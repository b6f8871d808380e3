import { runMain } from '@orderly/runtime';
import { Command } from 'commander';
import { join } from 'node:path';
import { createKey, type CreateKeyOptions } from './commands/create-key';
import { migrateDatabase } from './commands/migrate-database';
import { printApiDocument } from './commands/print-api-document';
import { serve } from './commands/serve';

const program = new Command('api-gateway').description('Takes order events in over HTTP');

program
  .command('serve', { isDefault: true })
  .description('serve the API (the default)')
  .action(() => serve(process.env));

program
  .command('migrate')
  .description('bring the schema of DATABASE_URL up to date; safe to run twice and by two at once')
  .action(() => migrateDatabase(process.env, join(__dirname, 'drizzle')));

program.command('openapi').description('print the OpenAPI document of the API').action(printApiDocument);

program
  .command('keys')
  .description('API keys')
  .command('create')
  .description('create a key and print it once, as JSON')
  .requiredOption('--name <name>', 'who uses it')
  .requiredOption('--scopes <list>', 'what it may do, separated by commas')
  .option('--expires-in-days <days>', 'when it stops to work (default: never)')
  .action((options: CreateKeyOptions) => createKey(process.env, options));

runMain(async () => {
  await program.parseAsync();
});
