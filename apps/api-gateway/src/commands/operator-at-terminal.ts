import type { Actor } from '@orderly/contracts';
import { userInfo } from 'node:os';

/** The actor of a command in the audit trail: the operating system's user. In a container that is seldom a person. */
export const operatorAtTerminal = (): Actor => ({ name: `cli ${userName()}`, apiKeyId: null, onBehalfOf: null });

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user often has a number but no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
