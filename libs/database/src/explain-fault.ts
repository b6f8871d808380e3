import { ConfigurationError, RetryableError, type AppError } from '@orderly/errors';
import { driverFault, faultKind, isTlsFault } from './fault-kind';

/** SQLSTATE codes of a schema that is older than the code, or missing. */
const isSchemaFault = (code: string): boolean => /^(42P01|42703|42883|42704|3F000)$/.test(code);

/**
 * Explains to an operator why PostgreSQL cannot be used and what to do, in one line. The text holds no password.
 *
 * @param variable - the environment variable that names the database
 * @returns undefined for a fault of ours, or an error that did not come from PostgreSQL
 */
export function explainDatabaseFault(error: unknown, variable = 'DATABASE_URL'): AppError | undefined {
  const kind = faultKind(error);
  if (kind === undefined || kind === 'refused') return undefined;
  const { code, message } = driverFault(error);
  const options = { cause: error };
  if (kind === 'setup') {
    return new ConfigurationError('configuration-invalid', setupLine(code, message, isTlsFault(error), variable), options);
  }
  const line =
    kind === 'away' ? awayLine(code, message, variable) : `PostgreSQL could not finish a statement (${message}): try again`;
  return new RetryableError('database-unavailable', line, options);
}

function setupLine(code: string, message: string, isTls: boolean, variable: string): string {
  if (isTls) {
    return `The TLS connection to PostgreSQL at ${variable} failed (${message.split(';')[0]}): name the authority that signed its certificate with sslrootcert in the URL, and the host that the certificate is for`;
  }
  if (/does not support SSL/.test(message))
    return `PostgreSQL at ${variable} has no TLS: switch it on there, or set sslmode=disable`;
  if (/unsupported startup parameter/.test(message)) {
    return `The pooler at ${variable} refuses a start-up parameter (${message}): add it to its ignore_startup_parameters`;
  }
  if (/^E(NOENT|ACCES): /.test(message)) return `A file that ${variable} names cannot be read (${message})`;
  if (isSchemaFault(code)) return `The schema at ${variable} is not up to date (${message}): run migrate first`;
  const advice =
    /^28/.test(code) || /^(SASL|password authentication failed|no such user)/.test(message)
      ? "correct the user and the password, or the server's pg_hba.conf"
      : code === '3D000' || /^no such database/.test(message)
        ? 'correct the name of the database, or create it'
        : code === '42501'
          ? 'grant the right to the user'
          : 'correct the server’s configuration';
  return `PostgreSQL refuses ${variable} (${message}): ${advice}`;
}

function awayLine(code: string, message: string, variable: string): string {
  if (code === '25006') return `PostgreSQL at ${variable} is read-only: give the address of the primary, not of a standby`;
  if (code === '53100') return `PostgreSQL at ${variable} has no disk space left: make room on its server`;
  if (code === '53300') {
    return `PostgreSQL at ${variable} has no connection left (${message}): raise max_connections, or lower DATABASE_POOL_SIZE`;
  }
  return `PostgreSQL does not answer at ${variable} (${message || code}): check that it runs, and its address`;
}
