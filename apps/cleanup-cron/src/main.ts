import { cleanupTasks, type CleanupTaskName } from '@orderly/contracts';
import { runMain } from '@orderly/runtime';
import { Argument, Command } from 'commander';
import { runTask } from './commands/run-task';
import { serve } from './commands/serve';

const program = new Command('cleanup-cron').description('Keeps what grows within bounds');

program
  .command('serve', { isDefault: true })
  .description('run every task when it is due (the default)')
  .action(() => serve(process.env));

program
  .command('run')
  .description('run one task now, print what it did, and exit; needs PostgreSQL alone')
  .addArgument(new Argument('<task>', 'which').choices(Object.keys(cleanupTasks)))
  .action((task: CleanupTaskName) => runTask(process.env, task));

runMain(async () => {
  await program.parseAsync();
});
