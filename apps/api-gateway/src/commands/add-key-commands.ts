import type { Environment } from '@orderly/config';
import { apiScopes } from '@orderly/contracts';
import { Help, type Command } from 'commander';
import { createKey, type CreateKeyOptions } from './create-key';
import { listKeys, type ListKeysOptions } from './list-keys';
import { revokeKey, type RevokeKeyOptions } from './revoke-key';

/**
 * Adds `keys create`, `keys list` and `keys revoke`.
 *
 * @param calledAs - the words before the subcommand in the help.
 * @defaultValue the program's name and `keys`
 */
export function addKeyCommands(program: Command, env: Environment, calledAs = `${program.name()} keys`): void {
  // Commander would print its own program name, but users reach these commands under another one, such as `npm run keys`.
  const commandUsage = (command: Command): string => new Help().commandUsage(command).replace(`${program.name()} keys`, calledAs);
  const keys = program.command('keys').description('API keys').configureHelp({ commandUsage });
  keys
    .command('create')
    .description('create a key and print it once, as JSON')
    .requiredOption('--name <name>', 'who uses it')
    .requiredOption('--scopes <list>', `what it may do, separated by commas: ${apiScopes.join(', ')}`)
    .option('--expires-in-days <days>', 'when it stops working (default: never)')
    .option('--requests-per-minute <number>', 'how many of its requests are served in a minute (default: no limit)')
    .action((options: CreateKeyOptions) => createKey(env, options));
  keys
    .command('list')
    .description('show all keys, without their secrets')
    .option('--json', 'as JSON')
    .action((options: ListKeysOptions) => listKeys(env, options));
  keys
    .command('revoke')
    .description('revoke a key: every gateway refuses it within seconds')
    .argument('<id or prefix>', `as ${calledAs} list shows it`)
    .option('--reason <text>', 'why, for the audit trail')
    .action((which: string, options: RevokeKeyOptions) => revokeKey(env, which, options, `${calledAs} list`));
}
