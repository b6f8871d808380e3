import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A command, and as whom it is spawned. */
export type Invocation = { command: string; args: string[]; user?: User };
export type User = { uid: number; gid: number };

/**
 * How this process runs a program that refuses root. For other users: as it is.
 * As root it runs as `postgres` or `nobody`. If that user cannot enter a folder that the program needs (a checkout under root's
 * closed home), the program gets the one capability that opens it, through util-linux' setpriv; no permission on disk changes.
 */
export function invocationFor(folders: string[]): { user?: User; of(command: string, args: string[]): Invocation } {
  if (process.getuid?.() !== 0) return { of: (command, args) => ({ command, args }) };
  const user = unprivilegedUser();
  if (folders.every((folder) => canEnter(folder, user))) return { user, of: (command, args) => ({ command, args, user }) };
  const capability = readingCapability();
  // Without the secure bit, access(2), which initdb asks about its neighbours, would pass over the capability.
  const switches = ['--securebits=+no_setuid_fixup', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const grants = [`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
  return { user, of: (command, args) => ({ command: 'setpriv', args: [...switches, ...grants, command, ...args] }) };
}

function unprivilegedUser(): User {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  const found = ['postgres', 'nobody'].flatMap((name) => accounts.filter((line) => line.startsWith(`${name}:`)))[0]?.split(':');
  if (!found) throw new Error('this is root, which PostgreSQL refuses, and there is no user postgres or nobody');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

function canEnter(folder: string, user: User): boolean {
  const { mode, uid, gid } = statSync(folder);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  const parent = dirname(folder);
  return (mode & bit) !== 0 && (parent === folder || canEnter(parent, user));
}

// Bit numbers of linux/capability.h. Containers usually lack the first, which can only read.
function readingCapability(): string {
  const line = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const effective = BigInt(`0x${line}`);
  return (effective >> 2n) & 1n ? 'dac_read_search' : 'dac_override';
}
