import { cleanupTasks, type CleanupTaskName } from '@orderly/contracts';
import { runMain } from '@orderly/runtime';
import { Argument, Command } from 'commander';
import { runTask } from './commands/run-task';
import { serve } from './commands/serve';

const program = new Command('cleanup-cron').description('Removes old data from PostgreSQL on a schedule');

program
  .command('serve', { isDefault: true })
  .description('run each task when it is due (the default)')
  .action(() => serve(process.env));

program
  .command('run')
  .description('run one task now, print the result, and exit; needs PostgreSQL only')
  .addArgument(new Argument('<task>', 'the task to run').choices(Object.keys(cleanupTasks)))
  .action((task: CleanupTaskName) => runTask(process.env, task));

runMain(async () => {
  await program.parseAsync();
});
