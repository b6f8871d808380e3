import type { Destination, DestinationAuth } from './destination';
import { DestinationsFile } from './destination-schema';
import { expandEnvironment, type Environment, type Expansion } from './expand-environment';
import { deepFreeze, describeIssue, settingsError } from './settings-faults';
import { readYaml } from './yaml-source';

export type DestinationsOptions = {
  /**
   * Whether `${NAME}` is replaced from the environment. `false` is for a process that needs names, events and modes only and
   * has no access to the secrets: its result cannot be used for sending.
   * @defaultValue true
   */
  readonly resolveSecrets?: boolean;
  /**
   * The name of the text in messages.
   * @defaultValue 'destinations'
   */
  readonly file?: string;
};

/** The parts of an entry in which `${NAME}` stands for an environment variable. */
const expandedParts = ['request', 'auth', 'signing', 'idempotency'];

/** Shorter texts are too common to redact everywhere, and too short to be secrets. */
const shortestSecret = 4;

/**
 * Reads the text of a destinations file.
 *
 * @returns the destinations in the order of the file, frozen, defaults filled in.
 * @throws ConfigurationError `configuration-invalid`: its message has every mistake at once, with line, column, path and fault,
 * and no value of the environment; `details.faults` has the same as data.
 */
export function parseDestinations(text: string, env: Environment, options: DestinationsOptions = {}): readonly Destination[] {
  const { resolveSecrets = true, file = 'destinations' } = options;
  const source = readYaml(text);
  if (source.syntaxFaults.length > 0) throw settingsError(file, source.syntaxFaults);

  const expansions = resolveSecrets ? expandEntries(source.value, env) : [];
  const value = resolveSecrets ? withEntries(source.value, expansions) : source.value;
  const parsed = DestinationsFile.safeParse(value);
  const faults = [
    ...expansions.flatMap((expansion) => expansion.faults),
    ...(parsed.success ? [] : parsed.error.issues.flatMap(describeIssue)),
  ].map(source.locate);
  if (!parsed.success || faults.length > 0) throw settingsError(file, faults);

  return deepFreeze(
    parsed.data.destinations.map((entry, index): Destination => {
      const known = resolveSecrets
        ? [...(expansions[index]?.used ?? []), ...credentialsOf(entry.auth), ...(entry.signing?.secrets ?? [])]
        : [];
      return { ...entry, secrets: [...new Set(known)].filter((secret) => secret.length >= shortestSecret) };
    }),
  );
}

function expandEntries(value: unknown, env: Environment): Expansion[] {
  const entries = isRecord(value) && Array.isArray(value.destinations) ? value.destinations : [];
  return entries.map((entry: unknown, index): Expansion => {
    if (!isRecord(entry)) return { value: entry, used: [], faults: [] };
    const parts = Object.fromEntries(Object.entries(entry).filter(([key]) => expandedParts.includes(key)));
    const expansion = expandEnvironment(parts, env, ['destinations', index]);
    return { ...expansion, value: { ...entry, ...(expansion.value as object) } };
  });
}

const withEntries = (value: unknown, entries: readonly Expansion[]): unknown =>
  isRecord(value) && Array.isArray(value.destinations) ? { ...value, destinations: entries.map((entry) => entry.value) } : value;

function credentialsOf(auth: DestinationAuth): string[] {
  switch (auth.type) {
    case 'none':
      return [];
    case 'bearer':
      return [auth.token];
    case 'basic':
      return [auth.password, Buffer.from(`${auth.username}:${auth.password}`).toString('base64')];
    case 'header':
      return [auth.value];
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
