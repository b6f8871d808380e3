import { runMain } from '@orderly/runtime';
import { Command } from 'commander';
import { join } from 'node:path';
import { addKeyCommands } from './commands/add-key-commands';
import { migrateDatabase } from './commands/migrate-database';
import { printApiDocument } from './commands/print-api-document';
import { serve } from './commands/serve';

const program = new Command('api-gateway').description('Takes order events in over HTTP');

program
  .command('serve', { isDefault: true })
  .description('serve the API (the default)')
  .action(() => serve(process.env, join(__dirname, 'docs-page')));

program
  .command('migrate')
  .description('bring the schema of DATABASE_URL up to date; safe to run twice and by two at once')
  .action(() => migrateDatabase(process.env, join(__dirname, 'migrations')));

program.command('openapi').description('print the OpenAPI document of the API').action(printApiDocument);

// Set by tools/scripts/keys.mjs, whose user knows no other name of it.
addKeyCommands(program, process.env, process.env.ORDERLY_KEYS_CALLED_AS);

runMain(async () => {
  await program.parseAsync();
});
