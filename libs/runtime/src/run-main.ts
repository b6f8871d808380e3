import { isAppError } from '@orderly/errors';

/** The oldest major version of Node that has all built-in functions which the services call. It is the pinned one. */
const oldestNode = 24;

/**
 * Runs a program's `main`. If it fails, the process exits with 1. For an error with a code, stderr gets one line with code and
 * message; for a bug, the stack trace. An older Node is refused: it would fail much later, with a misleading TypeError.
 */
export function runMain(main: () => Promise<void>): void {
  const fault = faultOfNode(process.versions.node);
  if (fault !== undefined) {
    process.stderr.write(`${fault}\n`);
    process.exit(1);
  }
  main().catch((error: unknown) => {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exit(1);
  });
}

/** Says which Node is needed if this version is too old. */
export function faultOfNode(version: string): string | undefined {
  if (Number.parseInt(version) >= oldestNode) return undefined;
  return `Node ${oldestNode} or newer is required; this is ${version}. npm ci installs one: node_modules/node/bin/node`;
}

/** Describes a failure for a person at a terminal. */
export function describeFailure(error: unknown): string {
  if (isAppError(error)) return `${error.code}: ${error.message.replace(/\s*\n\s*/g, ' ')}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
