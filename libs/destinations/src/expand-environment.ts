export type Environment = Readonly<Record<string, string | undefined>>;

export type Expansion = {
  readonly value: unknown;
  /** The values that were put in. */
  readonly used: readonly string[];
  readonly faults: readonly { path: PropertyKey[]; message: string }[];
};

const reference = /\$\{([^}]*)\}/g;

/** Replaces `${NAME}` in every string. Faults name variables and never show a value. */
export function expandEnvironment(value: unknown, env: Environment, path: readonly PropertyKey[] = []): Expansion {
  if (typeof value === 'string') return expandString(value, env, path);
  if (typeof value !== 'object' || value === null) return { value, used: [], faults: [] };
  const entries = Object.entries(value).map(([key, inner]): [string, Expansion] => [
    key,
    expandEnvironment(inner, env, [...path, Array.isArray(value) ? Number(key) : key]),
  ]);
  return {
    value: Array.isArray(value)
      ? entries.map(([, inner]) => inner.value)
      : Object.fromEntries(entries.map(([key, inner]) => [key, inner.value])),
    used: entries.flatMap(([, inner]) => inner.used),
    faults: entries.flatMap(([, inner]) => inner.faults),
  };
}

/** Whether a string still holds an unresolved `${NAME}`, so that its form cannot be checked yet. */
export const isUnexpanded = (text: string): boolean => text.search(reference) >= 0;

function expandString(text: string, env: Environment, path: readonly PropertyKey[]): Expansion {
  const used: string[] = [];
  const faults: { path: PropertyKey[]; message: string }[] = [];
  const value = text.replace(reference, (whole, name: string) => {
    const found = Object.hasOwn(env, name) ? env[name] : undefined;
    if (found) {
      used.push(found);
      return found;
    }
    const isName = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
    faults.push({
      path: [...path],
      message: isName
        ? `the environment variable ${name} is not set or empty`
        : '${…} must hold the name of an environment variable',
    });
    return whole;
  });
  return { value, used, faults };
}
