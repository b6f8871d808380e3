import { Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';

export type StackOptions = {
  /** The gateway's port; 0 takes any. Undefined: 3000 if it is free, else any. */
  port?: number;
  /** Where everything is kept between runs; undefined: in a temporary folder. */
  dataFolder?: string;
  withDemo: boolean;
  readyFile?: string;
};

/** Reads the command line; ends the process for `--help` and for what it does not understand. */
export function parseOptions(commandLine: string[]): StackOptions {
  const command = new Command('npm start --')
    .description(
      'Runs the whole of Orderly on this machine: five services, PostgreSQL, Redis, two pretend partners and a mail sink.',
    )
    .option('--port <port>', 'where the gateway listens (default: 3000 if it is free)', portNumber)
    .option('--data-dir <folder>', 'keeps orders and logs there from run to run (default: a temporary folder)')
    .option('--no-demo', 'does not send a made-up order through at the start')
    .option('--ready-file <file>', 'writes addresses, key and pids there as JSON when everything is ready')
    .addHelpText(
      'after',
      [
        '',
        'Environment: DATABASE_URL and REDIS_URL use servers of yours, ORDERLY_DESTINATIONS_FILE destinations of yours; the other',
        'settings of the services are passed on, but for addresses, ports and the mail server: mail always goes to the mailbox.',
      ].join('\n'),
    )
    .parse(commandLine);
  const { port, dataDir, demo, readyFile } = command.opts<{
    port?: number;
    dataDir?: string;
    demo: boolean;
    readyFile?: string;
  }>();
  return { port, dataFolder: dataDir && resolve(dataDir), withDemo: demo, readyFile: readyFile && resolve(readyFile) };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('It must be a number from 0 to 65535.');
  return port;
}
