import { ConfigurationError } from '@orderly/errors';
import type { z } from 'zod';

/** Environment variables, in the shape of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One part of the configuration: parses flat variables into a nested object. */
export type ConfigFragment<T = unknown> = z.ZodType<T>;

/** The result of `loadConfig` for a set of fragments. */
export type ConfigOf<Fragments extends Readonly<Record<string, ConfigFragment>>> = {
  readonly [Name in keyof Fragments]: Readonly<z.output<Fragments[Name]>>;
};

/**
 * Reads the configuration of a process once, at start-up.
 *
 * An empty variable counts as unset. White space around a value is removed, because a mounted secret often ends with a newline.
 *
 * @param fragments one key per part of the configuration, such as `{ database: databaseConfig }`
 * @param env usually `process.env`
 * @returns the parsed values, deeply frozen
 * @throws ConfigurationError `configuration-invalid`: lists every fault by the variable's name, and never quotes a value
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
