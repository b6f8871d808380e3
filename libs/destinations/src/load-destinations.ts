import { ConfigurationError } from '@orderly/errors';
import { readFile } from 'node:fs/promises';
import type { Destination } from './destination';
import type { Environment } from './expand-environment';
import { parseDestinations, type DestinationsOptions } from './parse-destinations';

/**
 * Reads and checks a destinations file.
 * @throws ConfigurationError `configuration-invalid` if the file cannot be read or has a mistake; see `parseDestinations`.
 */
export async function loadDestinations(
  file: string,
  env: Environment,
  options: Pick<DestinationsOptions, 'resolveSecrets'> = {},
): Promise<readonly Destination[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown fault';
    throw new ConfigurationError('configuration-invalid', `${file} cannot be read (${reason})`, { cause });
  });
  return parseDestinations(text, env, { ...options, file });
}
