import { isAppError } from '@orderly/errors';

/**
 * Runs a program's `main`. If it fails, one line says why on stderr and the process exits with 1: for an error with a code
 * that is code and message, for a bug its stack.
 */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exit(1);
  });
}

/** What a person at a terminal should read about a failure. */
export function describeFailure(error: unknown): string {
  if (isAppError(error)) return `${error.code}: ${error.message.replace(/\s*\n\s*/g, ' ')}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
