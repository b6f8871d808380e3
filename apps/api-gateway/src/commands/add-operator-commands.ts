import { InvalidArgumentError, type Command } from 'commander';
import {
  discardLetters,
  groupLetters,
  listLetters,
  redriveLetters,
  showLetter,
  type DiscardOptions,
  type GroupOptions,
  type ListOptions,
  type OutputOptions,
  type RedriveOptions,
} from './dead-letters';
import { createApiClient, type ApiClient, type ApiOptions } from './api-client';
import { resync, settle, type ResyncOptions, type SettleOptions } from './settle-and-resync';

/** Adds `dead-letters`, `settle` and `resync`. They use the HTTP API, so they work from any machine that reaches a gateway. */
export function addOperatorCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const client = (options: ApiOptions): ApiClient => createApiClient(options, env);
  const letters = program
    .command('dead-letters')
    .description('jobs that failed for good: find them, send them again, give them up');
  withFilters(withApi(letters.command('list')))
    .description('show dead letters, the newest first')
    .option('--limit <number>', 'how many', whole, 50)
    .action((options: ListOptions) => listLetters(client(options), options));
  withApi(letters.command('show'))
    .description('show a dead letter with its attempts')
    .argument('<id>')
    .action((id: string, options: OutputOptions) => showLetter(client(options), id, options));
  withFilters(withApi(letters.command('groups')))
    .description('count dead letters by fingerprint')
    .action((options: GroupOptions) => groupLetters(client(options), options));
  withFilters(withApi(letters.command('redrive')))
    .description('send dead letters again, and show the progress until the last one was sent')
    .option('--id <ids...>', 'ids of dead letters')
    .option('--all', 'every dead letter')
    .option('--dry-run', 'say what would happen, and change nothing')
    .option('--per-second <number>', 'letters per second', whole)
    .option('--first <number>', 'so many letters of each fingerprint go first; the others follow only if these succeed', whole)
    .option('--reason <text>', 'why, for the audit trail')
    .option('--no-wait', 'return once the redrive is stored')
    .action((options: RedriveOptions) => redriveLetters(client(options), options));
  withFilters(withApi(letters.command('discard')))
    .description('give up dead letters: they are never sent')
    .option('--id <ids...>', 'ids of dead letters')
    .option('--all', 'every dead letter')
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .action((options: DiscardOptions) => discardLetters(client(options), options));
  withApi(program.command('settle'))
    .description('settle a job whose outcome is unknown')
    .argument('<job>', 'the id of the job')
    .requiredOption('--outcome <outcome>', 'done, or not-done: then it is sent again')
    .requiredOption('--reason <text>', 'how you know, for the audit trail')
    .action((job: string, options: SettleOptions) => settle(client(options), job, options));
  withApi(program.command('resync'))
    .description('send the current version of an order to one destination')
    .argument('<order>', 'the id of the order')
    .requiredOption('--destination <name>', 'where to')
    .option('--reason <text>', 'why, for the audit trail')
    .action((order: string, options: ResyncOptions) => resync(client(options), order, options));
}

const withApi = (command: Command): Command =>
  command
    .option('--url <url>', 'URL of the gateway (default: ORDERLY_URL, else http://127.0.0.1:3000)')
    .option('--key <key>', 'an API key with the scopes ops:read and ops:write (default: ORDERLY_API_KEY)')
    .option('--json', 'as JSON');

const withFilters = (command: Command): Command =>
  command
    .option('--fingerprint <text>', 'error code and destination or job, such as destination-refused:erp')
    .option('--code <code>', 'the error code')
    .option('--job <name>', 'the type of the job, such as sync-order')
    .option('--destination <name>', 'the destination of the job')
    .option('--order <id>', 'the order')
    .option('--since <time>', 'died at this time or later, such as 2026-01-15T09:30:00Z')
    .option('--until <time>', 'died before this time');

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
