import { Command, CommanderError } from 'commander';
import type { BenchContext } from './bench-context';
import { goodputBench } from './goodput/goodput-bench';
import { recoveryBench } from './recovery/recovery-bench';
import { retentionBench } from './retention/retention-bench';

const interruptedStatus = 130;

/** All benches. Each is a subcommand with its own options. */
const benches: readonly ((context: BenchContext) => Command)[] = [retentionBench, goodputBench, recoveryBench];

/** Runs the bench that the arguments name. Resolves to the exit status and never rejects. */
export async function runBench(args: readonly string[], context: BenchContext): Promise<number> {
  const program = new Command('npm run bench --')
    .description(
      'Measures Orderly on this machine, with private servers and made-up data. Each bench is bounded in size and time.',
    )
    .addHelpText('after', '\nExit status: 0 after a measurement, 1 if it failed, 2 for wrong arguments, 130 after Ctrl-C.');
  for (const bench of benches) program.addCommand(bench(context));
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    });
  try {
    await program.parseAsync(args, { from: 'user' });
    return context.interrupted.aborted ? interruptedStatus : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.interrupted.aborted) return interruptedStatus;
    context.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
