/** SQLSTATE classes and codes that speak of the server or the connection, not of the statement. */
const sqlStates = [
  /^08/, // connection exception
  /^57P/, // operator intervention: shutdown, crash, not yet up
  /^53/, // insufficient resources: too many connections, disk full
  /^25P03$/, // idle in a transaction for too long: this process stood still
  /^25006$/, // read-only: a replica after a failover
];

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

const driverMessages = [
  /^Connection terminated/,
  /timeout exceeded when trying to connect/,
  /^Query read timeout/,
  /not queryable/,
  /^Client was closed/,
];

/** Whether the database is away (or read-only, or full), so that waiting is the remedy. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, message } = faultOf(error);
  if (socketCodes.has(code) || sqlStates.some((state) => state.test(code))) return true;
  return driverMessages.some((pattern) => pattern.test(message));
}

/** Whether running the same statement again is the remedy: a deadlock, a serialization failure. */
export const isTransient = (error: unknown): boolean => /^40(001|P01)$/.test(faultOf(error).code);

/** SQLSTATE or system code, and message. drizzle-orm wraps the driver's error in one of its own. */
export function faultOf(error: unknown): { code: string; message: string } {
  const { code, message, cause } = (error ?? {}) as { code?: unknown; message?: unknown; cause?: unknown };
  if (code === undefined && cause !== undefined) return faultOf(cause);
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}
