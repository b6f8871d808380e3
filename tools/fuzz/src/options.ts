import { Command, InvalidArgumentError } from 'commander';
import type { Bound } from './findings';

export type FuzzOptions = {
  bound: Bound;
  seed: number;
  /** A gateway that runs already; undefined: one is started. */
  target?: { url: string; key: string };
  /** Which requests are sent: schemathesis' own, or those made here when it cannot be had. */
  engine: 'auto' | 'schemathesis' | 'fast-check';
};

/** Reads the command line; ends the process for `--help` and for what it does not understand. */
export function parseOptions(commandLine: string[], environment: NodeJS.ProcessEnv): FuzzOptions {
  const command = new Command('npm run fuzz --')
    .description('Sends thousands of requests to every call of the API, good ones and bad ones, and checks every answer.')
    .option('--seconds <number>', 'how long requests are sent (default: 120)', seconds)
    .option('--per-call <number>', 'requests to each call, instead of a time', perCall)
    .option('--seed <number>', 'makes a run that can be repeated (default: the day, so that each day asks something else)', seed)
    .option('--url <url>', 'a gateway that runs already; its ledger is filled with rubbish (default: starts one of its own)')
    .option('--key <key>', 'an API key for it that may do everything (default: ORDERLY_API_KEY)')
    .option('--engine <name>', 'schemathesis (Python, from PyPI) or fast-check (default: the first that can be had)', engine)
    .addHelpText('after', '\nExit status: 0 if nothing was found, 1 if something was, 2 if it could not run.')
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
  if (chosen.url !== undefined && !key) command.error('A key is needed with --url: give it with --key or ORDERLY_API_KEY.');
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
  if (!Number.isInteger(value) || value < 5) throw new InvalidArgumentError('It must be a whole number from 5.');
  return value;
}

function perCall(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

function seed(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 31)
    throw new InvalidArgumentError('It must be a whole number from 0.');
  return value;
}

function engine(text: string): FuzzOptions['engine'] {
  if (text !== 'schemathesis' && text !== 'fast-check') throw new InvalidArgumentError('It must be schemathesis or fast-check.');
  return text;
}
