import { isAppError } from '@orderly/errors';

/**
 * Runs a program's `main`. If it fails, the process exits with 1. For an error with a code, stderr gets one line with code and
 * message; for a bug, the stack trace.
 */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exit(1);
  });
}

/** Describes a failure for a person at a terminal. */
export function describeFailure(error: unknown): string {
  if (isAppError(error)) return `${error.code}: ${error.message.replace(/\s*\n\s*/g, ' ')}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
