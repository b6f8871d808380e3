import { runMain } from '@orderly/runtime';
import { Command } from 'commander';
import { join } from 'node:path';
import { addKeyCommands } from './commands/add-key-commands';
import { addOperatorCommands } from './commands/add-operator-commands';
import { migrateDatabase } from './commands/migrate-database';
import { printApiDocument } from './commands/print-api-document';
import { serve } from './commands/serve';

const program = new Command('api-gateway').description('Accepts order events over HTTP');

program
  .command('serve', { isDefault: true })
  .description('serve the API (the default)')
  .action(() => serve(process.env, join(__dirname, 'docs-page')));

program
  .command('migrate')
  .description('bring the schema of DATABASE_URL up to date; safe to repeat and to run concurrently')
  .action(() => migrateDatabase(process.env, join(__dirname, 'migrations')));

program.command('openapi').description('print the OpenAPI document of the API').action(printApiDocument);

// Set by tools/scripts/keys.mjs, so that the help shows the command that the user typed.
addKeyCommands(program, process.env, process.env.ORDERLY_KEYS_CALLED_AS);
addOperatorCommands(program, process.env);

runMain(async () => {
  await program.parseAsync();
});
