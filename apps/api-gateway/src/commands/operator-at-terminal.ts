import type { Actor } from '@orderly/contracts';
import { userInfo } from 'node:os';

/** Who runs a command, as the audit trail names them: the system's user, who in a container is seldom a person. */
export const operatorAtTerminal = (): Actor => ({ name: `cli ${userName()}`, apiKeyId: null, onBehalfOf: null });

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user often has a number alone.
    return String(process.getuid?.() ?? 'unknown');
  }
}
