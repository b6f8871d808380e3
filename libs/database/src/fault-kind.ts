import { sqlStateClasses, type FaultKind } from './sql-states';

/** Codes of Node for a server that cannot be reached. */
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // a Unix socket
]);

/** Errors that are recognised by their text: they have no code, or an ambiguous one. */
const driverMessages: readonly (readonly [pattern: RegExp, kind: FaultKind])[] = [
  [/^Connection terminated/, 'away'],
  [/timeout exceeded when trying to connect/, 'away'],
  // While the connection works, the server's statement_timeout fires first: see `serverShare` in database.ts.
  [/^Query read timeout/, 'away'],
  [/not queryable/, 'away'],
  [/^Client was closed/, 'away'],
  [/^SASL: /, 'setup'], // no password in the URL, or not the one that the server knows
  [/^The server does not support SSL connections/, 'setup'],
  // Of PgBouncer, with the code that it also has while its server is away.
  [/^(unsupported startup parameter|no such (database|user)|password authentication failed$)/, 'setup'],
  [/^E(NOENT|ACCES): /, 'setup'], // a file that the URL names; a socket's message begins with `connect`
];

/** Codes of OpenSSL and Node for a certificate or a TLS version that one side refuses. */
const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT$|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$)/;

/** Whether a connection to PostgreSQL failed over TLS: a certificate, its name, or the protocol. */
export const isTlsFault = (error: unknown): boolean => tlsCodes.test(driverFault(error).code);

/**
 * The kind of a fault of PostgreSQL or of the connection to it. Undefined for any other error. PgBouncer gives each fault of its
 * own the code 08P01. An error of PostgreSQL names the routine that raised it, and an error of PgBouncer does not.
 */
export function faultKind(error: unknown): FaultKind | undefined {
  const { code, message, routine } = driverFault(error);
  const told = driverMessages.find(([pattern]) => pattern.test(message));
  if (told) return told[1];
  if (socketCodes.has(code)) return 'away';
  if (code === '08P01' && routine === undefined) return 'away';
  if (tlsCodes.test(code)) return 'setup';
  return /^[0-9A-Z]{5}$/.test(code) ? kindOfSqlState(code) : undefined;
}

/** See {@link sqlStateClasses}. */
export function kindOfSqlState(code: string): FaultKind {
  const known = sqlStateClasses[code.slice(0, 2)];
  return known?.except?.[code] ?? known?.kind ?? 'refused';
}

/** Whether PostgreSQL cannot be used at all: it is away, or refuses access. Waiting is the remedy. */
export function isDatabaseAway(error: unknown): boolean {
  const kind = faultKind(error);
  return kind === 'away' || kind === 'setup';
}

/** Whether the same work may succeed later, unchanged. */
export function mayPass(error: unknown): boolean {
  const kind = faultKind(error);
  return kind !== undefined && kind !== 'refused';
}

/** SQLSTATE or system code, message, and PostgreSQL's routine. drizzle-orm wraps the driver's error in one of its own. */
export function driverFault(error: unknown): { code: string; message: string; routine?: unknown } {
  const { code, message, routine, cause, errors } = (error ?? {}) as Partial<
    Record<'code' | 'message' | 'routine' | 'cause' | 'errors', unknown>
  >;
  if (code === undefined && cause !== undefined) return driverFault(cause);
  // Node throws an AggregateError if every address of a name failed.
  if (message === '' && Array.isArray(errors) && errors.length > 0) return driverFault(errors[0]);
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '', routine };
}
