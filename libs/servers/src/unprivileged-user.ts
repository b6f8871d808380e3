import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A command and the user that runs it. */
export type Invocation = { command: string; args: string[]; user?: User };
export type User = { uid: number; gid: number };

/**
 * Says how to run a program that refuses root. A process of another user runs it directly.
 *
 * Root runs it as `postgres` or `nobody`. That user may be unable to enter a folder that the program needs, such as a checkout in
 * root's home. Then util-linux' setpriv gives the program the one capability that it needs, and no permission on disk changes.
 */
export function invocationFor(folders: string[]): { user?: User; of(command: string, args: string[]): Invocation } {
  if (process.getuid?.() !== 0) return { of: (command, args) => ({ command, args }) };
  const user = unprivilegedUser();
  if (folders.every((folder) => canEnter(folder, user))) return { user, of: (command, args) => ({ command, args, user }) };
  const capability = readingCapability();
  // Without the secure bit, access(2) ignores the capability, and initdb calls it for the programs beside it.
  const switches = ['--securebits=+no_setuid_fixup', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const grants = [`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
  return { user, of: (command, args) => ({ command: 'setpriv', args: [...switches, ...grants, command, ...args] }) };
}

function unprivilegedUser(): User {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  const found = ['postgres', 'nobody'].flatMap((name) => accounts.filter((line) => line.startsWith(`${name}:`)))[0]?.split(':');
  if (!found) throw new Error('PostgreSQL refuses to run as root, and there is no user postgres or nobody');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

function canEnter(folder: string, user: User): boolean {
  const { mode, uid, gid } = statSync(folder);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  const parent = dirname(folder);
  return (mode & bit) !== 0 && (parent === folder || canEnter(parent, user));
}

// Bit numbers of linux/capability.h. `dac_read_search` is preferred, because it allows reading only; containers often lack it.
function readingCapability(): string {
  const line = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const effective = BigInt(`0x${line}`);
  return (effective >> 2n) & 1n ? 'dac_read_search' : 'dac_override';
}
