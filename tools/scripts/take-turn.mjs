// Lets only one npm command of this workspace at a time install or build. Uses only Node's own modules, as it runs before an install.
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const pauseMs = 200;

/**
 * Does a piece of work while no other process does work of this name. Waits for the other process, and says so once.
 *
 * The lock is a folder that contains a file named after its owner's pid. It gets its name by a rename, so it is never seen without its
 * owner. A rename cannot replace a folder that has a file, so only one process gets the lock.
 *
 * @param {string} folder - where the locks are
 * @param {string} name - what the work is, as in "is installing"
 * @param {() => unknown} work - runs in this process, which may end during it
 */
export function takeTurn(folder, name, work) {
  const [lock, mine] = [join(folder, name), join(folder, `${name}-${process.pid}`)];
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, String(process.pid)), '');
  for (let isTold = false; !tryRename(mine, lock); isTold = true) {
    if (!isTold) process.stderr.write(`Another npm command is ${name}; waiting for it …\n`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
  try {
    work();
  } finally {
    free(lock, process.pid);
  }
}

function tryRename(mine, lock) {
  // The owner may have been killed. Only its own file is deleted: another process may get the lock in this moment.
  for (const pid of ownersOf(lock)) if (!isAlive(pid)) free(lock, pid);
  try {
    renameSync(mine, lock);
    return true;
  } catch (error) {
    // Windows says EPERM where others say ENOTEMPTY or EEXIST.
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) return false;
    throw error;
  }
}

function ownersOf(lock) {
  try {
    return readdirSync(lock);
  } catch {
    return []; // nobody has the lock
  }
}

function free(lock, pid) {
  rmSync(join(lock, String(pid)), { force: true });
  try {
    rmdirSync(lock);
  } catch {
    // another process has removed it, or has the lock now
  }
}

function isAlive(pid) {
  try {
    process.kill(Number(pid), 0);
    // A lock from before a restart of the machine may name a pid that is now ours.
    return Number(pid) !== process.pid;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
