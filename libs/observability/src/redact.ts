const redacted = '[redacted]';
/** In characters. Longer texts are cut, because people read the lines. */
const maxDepth = 6;
const maxItems = 50;
const maxTextLength = 4096;

/** Matches the end of a field name without hyphens and underscores, so it covers `x-api-key` and `recipientEmail`. */
const privateName =
  /(authorization|cookie|password|passwd|secrets?|token|apikey|credentials|signature|e?mail|phone|phonenumber|recipient|customer|(shipping|billing|street)address)$/i;

/**
 * Prepares a value for the log. Hides the values of private fields, converts errors to plain objects, and cuts values that are too
 * deep, too long or too many.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > maxTextLength ? `${value.slice(0, maxTextLength)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '[deeper]';
  if (value instanceof Date || value instanceof URL) return value;
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => redact(item, depth + 1));
  return redactFields(value, depth);
}

/** Hides private text by its pattern: addresses, phone numbers, credentials in URLs and headers. */
export function redactText(text: string): string {
  // Every repetition is bounded. Otherwise a long line would take quadratic time.
  const withoutCredentials = text
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${redacted}`)
    .replace(/\bwhsec_[\w+/=-]+/g, redacted)
    .replace(/(?<![\w+])\+\d[\d ()-]{6,16}\d(?!\w)/g, redacted);
  if (!text.includes('@')) return withoutCredentials;
  return withoutCredentials
    .replace(/([a-z][a-z\d+.-]{0,20}:\/\/)[^\s/"\\@:]{0,256}:[^\s/"\\]{0,256}@/gi, `$1${redacted}@`)
    .replace(/[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,8}/g, redacted);
}

function redactFields(value: object, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value).slice(0, maxItems)) {
    const isPrivate = privateName.test(name.replace(/[-_]/g, '')) && field != null && typeof field !== 'boolean';
    fields[name] = isPrivate ? redacted : redact(field, depth + 1);
  }
  return fields;
}

/** Omits other fields of an error: for example, PostgreSQL's errors quote the row. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code, details } = error as { code?: unknown; details?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: redact(error.message),
    stack: redact(error.stack),
    ...(typeof details === 'object' ? { details: redact(details, depth + 1) } : {}),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: redact(error.errors, depth + 1) } : {}),
  };
}
