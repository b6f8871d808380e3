import { Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';

export type StackOptions = {
  /** The gateway's port; 0 picks any free port. @defaultValue 3000 if it is free, else any free port */
  port?: number;
  /** The folder that is kept between runs. @defaultValue a temporary folder */
  dataFolder?: string;
  withDemo: boolean;
  readyFile?: string;
};

/** Parses the command line. Ends the process for `--help` and for invalid options. */
export function parseOptions(commandLine: string[]): StackOptions {
  const command = new Command('npm start --')
    .description(
      'Runs the whole of Orderly on this machine: five services, PostgreSQL, Redis, two pretend partners and a mailbox.',
    )
    .option('--port <port>', 'port of the gateway (default: 3000 if it is free)', portNumber)
    .option('--data-dir <folder>', 'folder that keeps orders and logs between runs (default: a temporary folder)')
    .option('--no-demo', 'do not send a sample order at the start')
    .option('--ready-file <file>', 'write addresses, key and pids to this file as JSON when everything is ready')
    .addHelpText(
      'after',
      [
        '',
        'Environment: DATABASE_URL, REDIS_URL and ORDERLY_DESTINATIONS_FILE select your own servers and destinations. Other settings',
        'of the services are passed on, except addresses, ports and the mail server: mail always goes to the mailbox.',
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
