import { Command, InvalidArgumentError } from 'commander';
import type { Bound } from './findings';

export type FuzzOptions = {
  bound: Bound;
  seed: number;
  /** A running gateway. If undefined, one is started. */
  target?: { url: string; key: string };
  /** The generator of requests. `auto` is schemathesis, or fast-check if schemathesis cannot be installed. */
  engine: 'auto' | 'schemathesis' | 'fast-check';
};

/** Reads the command line. Ends the process for `--help` and for invalid arguments. */
export function parseOptions(commandLine: string[], environment: NodeJS.ProcessEnv): FuzzOptions {
  const command = new Command('npm run fuzz --')
    .description('Sends thousands of valid and invalid requests to every call of the API, and checks every answer.')
    .option('--seconds <number>', 'how long to send requests (default: 120)', seconds)
    .option('--per-call <number>', 'requests to each call, instead of a time', perCall)
    .option('--seed <number>', 'makes a run repeatable (default: the day, so that each day sends other requests)', seed)
    .option('--url <url>', 'a running gateway, whose ledger will be filled with rubbish (default: starts a private one)')
    .option('--key <key>', 'an API key for the gateway, with all scopes (default: ORDERLY_API_KEY)')
    .option('--engine <name>', 'schemathesis (Python, from PyPI) or fast-check (default: the first that is available)', engine)
    .addHelpText('after', '\nExit status: 0 without findings, 1 with findings, 2 if it could not run, 130 after Ctrl-C.')
    // Commander would end with 1, which means findings.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse(commandLine);
  const chosen = command.opts<{
    seconds?: number;
    perCall?: number;
    seed?: number;
    url?: string;
    key?: string;
    engine?: FuzzOptions['engine'];
  }>();
  const key = chosen.key ?? environment.ORDERLY_API_KEY;
  if (chosen.url !== undefined && !key) command.error('--url needs an API key: give it with --key or ORDERLY_API_KEY.');
  if (chosen.seconds !== undefined && chosen.perCall !== undefined) command.error('Give --seconds or --per-call, not both.');
  return {
    bound: chosen.perCall === undefined ? { seconds: chosen.seconds ?? 120 } : { perCall: chosen.perCall },
    seed: chosen.seed ?? Math.floor(Date.now() / 86_400_000),
    engine: chosen.engine ?? 'auto',
    ...(chosen.url !== undefined && { target: { url: chosen.url.replace(/\/+$/, ''), key: key ?? '' } }),
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 5) throw new InvalidArgumentError('It must be a whole number of at least 5.');
  return value;
}

function perCall(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

function seed(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 31)
    throw new InvalidArgumentError('It must be a whole number from 0 to 2147483648.');
  return value;
}

function engine(text: string): FuzzOptions['engine'] {
  if (text !== 'schemathesis' && text !== 'fast-check') throw new InvalidArgumentError('It must be schemathesis or fast-check.');
  return text;
}
