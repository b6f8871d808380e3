/**
 * Parses a body without loss. A number that a double cannot hold exactly, such as an id beyond 2^53, is not rounded;
 * `onUnsafeNumber` gets its source text instead.
 *
 * @throws Error if the body is not JSON in UTF-8, is nested too deep for the stack, or has a member named `__proto__`.
 */
export function parseJson(rawBody: Buffer, onUnsafeNumber: (source: string) => unknown): unknown {
  const revive = (key: string, value: unknown, context?: { source?: string }): unknown => {
    if (key === '__proto__') throw new SyntaxError('__proto__ is not allowed as a name');
    return typeof value === 'number' && isUnsafe(value) ? onUnsafeNumber(context?.source ?? String(value)) : value;
  };
  return JSON.parse(utf8.decode(rawBody), revive);
}

const isUnsafe = (value: number): boolean => !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));

/** Without `fatal`, invalid UTF-8 would be decoded to a text that differs from the signed bytes. */
const utf8 = new TextDecoder('utf-8', { fatal: true });
