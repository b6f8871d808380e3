import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { randomBytes } from 'node:crypto';
import { ReplayFailure } from './replay-failure';

export type ReplayOptions = {
  file: string;
  /** The URL of the gateway, without a slash at the end. */
  url: string;
  key: string;
  /** Maximum events per second. @defaultValue no limit */
  eventsPerSecond?: number;
  /** The label of the events of this run. */
  batch: string;
};

const defaultUrl = 'http://127.0.0.1:3000';

/**
 * Parses the command line and the environment.
 * @returns undefined if only the help was requested
 * @throws ReplayFailure with exit status 2 for invalid arguments
 */
export function parseOptions(
  commandLine: string[],
  environment: NodeJS.ProcessEnv,
  output: { stdout: (text: string) => void },
): ReplayOptions | undefined {
  const command = new Command('npm run replay --')
    .description('Sends order events from a file, one JSON object per line, and waits until every job has ended or is parked.')
    .argument('<file.ndjson>', 'the events, in the order of acceptance')
    .option('--url <url>', `URL of the gateway (default: ORDERLY_URL, else ${defaultUrl})`, webAddress)
    .option('--key <key>', 'an API key with the scopes events:write and ops:read (default: ORDERLY_API_KEY)', printable)
    .option('--rate <number>', 'maximum events per second (default: no limit)', positiveNumber)
    .option(
      '--batch <label>',
      'label of the events; a label that was used before includes its earlier events (default: a new label)',
      label,
    )
    .addHelpText('after', helpText)
    .exitOverride()
    .configureOutput({ writeOut: output.stdout, writeErr: () => undefined });
  try {
    command.parse(commandLine);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new ReplayFailure(`${error.message.replace(/^error: /, '')} (--help shows the usage.)`, 2);
  }
  const chosen = command.opts<{ url?: string; key?: string; rate?: number; batch?: string }>();
  const key = chosen.key ?? fromEnvironment(environment, 'ORDERLY_API_KEY', printable);
  if (key === undefined)
    throw new ReplayFailure('An API key is required: set --key or ORDERLY_API_KEY. npm start prints a key.', 2);
  return {
    file: command.args[0] ?? '',
    url: chosen.url ?? fromEnvironment(environment, 'ORDERLY_URL', webAddress) ?? defaultUrl,
    key,
    eventsPerSecond: chosen.rate,
    batch: chosen.batch ?? newLabel(),
  };
}

const helpText = `
Exit status: 0 for success; 1 if an event was rejected, a job is a dead letter, blocked or unknown, or the gateway cannot
be reached; 2 for invalid arguments or an unreadable file; 130 after Ctrl-C. Parked jobs are shown, but not waited for.`;

function fromEnvironment<T>(environment: NodeJS.ProcessEnv, name: string, parse: (text: string) => T): T | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new ReplayFailure(`${name}: ${error.message}`, 2);
    throw error;
  }
}

const newLabel = (): string =>
  `replay-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}-${randomBytes(3).toString('hex')}`;

function webAddress(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new InvalidArgumentError(`It must be a URL such as ${defaultUrl}.`);
  return url.href.replace(/\/+$/, '');
}

function positiveNumber(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('It must be a number greater than 0.');
  return number;
}

// Checked here, because an error of the HTTP client would print the key.
function printable(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new InvalidArgumentError('It must consist of printable characters without spaces.');
  return text;
}

function label(text: string): string {
  if (!/^[\x21-\x7e]{1,100}$/.test(text))
    throw new InvalidArgumentError('It must be 1 to 100 printable characters without spaces.');
  return text;
}
