import { ConfigurationError } from '@orderly/errors';
import type { z } from 'zod';

/** The environment as `process.env` has it: names to text. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A part of the configuration: reads flat variables, gives a nested object. The fragments of this library are such parts. */
export type ConfigFragment<T = unknown> = z.ZodType<T>;

/** What `loadConfig` makes of a set of fragments. */
export type ConfigOf<Fragments extends Readonly<Record<string, ConfigFragment>>> = {
  readonly [Name in keyof Fragments]: Readonly<z.output<Fragments[Name]>>;
};

/**
 * Reads the configuration of a process, once, at its start.
 *
 * An empty variable counts as unset, and blanks around a value are dropped: a mounted secret often ends with a newline.
 *
 * @param fragments one key per part of the configuration, such as `{ database: databaseConfig }`
 * @param env usually `process.env`
 * @returns the parsed values, deeply frozen
 * @throws ConfigurationError `configuration-invalid`: every fault at once, by the variable's name; never a value
 */
export function loadConfig<Fragments extends Readonly<Record<string, ConfigFragment>>>(
  fragments: Fragments,
  env: Environment,
): ConfigOf<Fragments> {
  const variables = trimmed(env);
  const faults = new Set<string>();
  const config: Record<string, unknown> = {};
  for (const [name, fragment] of Object.entries(fragments)) {
    const parsed = fragment.safeParse(variables);
    if (parsed.success) config[name] = parsed.data;
    else for (const issue of parsed.error.issues) faults.add(`${issue.path.join('.')} ${issue.message}`);
  }
  if (faults.size > 0) throw faulty([...faults]);
  return deepFreeze(config) as ConfigOf<Fragments>;
}

const trimmed = (env: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])));

const faulty = (faults: readonly string[]): ConfigurationError =>
  new ConfigurationError(
    'configuration-invalid',
    `The environment has ${faults.length === 1 ? 'a mistake' : `${faults.length} mistakes`}: ${faults.join('; ')}`,
    { details: { faults } },
  );

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
