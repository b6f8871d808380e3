import type { HttpAnswer } from './http-exchange';

const longestConfirmationId = 200;

/** The partner's own id for what it took: `Location`, else `confirmationId` or `id` of a JSON answer. */
export function readConfirmationId(answer: HttpAnswer): string | undefined {
  const { location } = answer.headers;
  const header = Array.isArray(location) ? location[0] : location;
  const json = header ? undefined : readJson(answer);
  const fields = typeof json === 'object' && json !== null ? (json as { confirmationId?: unknown; id?: unknown }) : {};
  const id = header ?? fields.confirmationId ?? fields.id;
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  // PostgreSQL's text holds no NUL and no lone surrogate.
  return String(id).replaceAll('\0', '').slice(0, longestConfirmationId).toWellFormed() || undefined;
}

/**
 * The version at a JSON pointer (RFC 6901) of an answer.
 * @returns `undefined` where there is nothing or null, `'unreadable'` where the answer is no JSON or the value no version.
 */
export function readVersion(answer: HttpAnswer, pointer: string): number | undefined | 'unreadable' {
  const json = readJson(answer);
  if (json === undefined) return 'unreadable';
  const value = readPointer(json, pointer);
  if (value === undefined || value === null) return undefined;
  const version = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof version === 'number' && Number.isSafeInteger(version) && version >= 0 ? version : 'unreadable';
}

function readJson({ body, isWhole }: HttpAnswer): unknown {
  if (!isWhole || body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function readPointer(json: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1);
  return keys.reduce<unknown>((value, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
  }, json);
}
