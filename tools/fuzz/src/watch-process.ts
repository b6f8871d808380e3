import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The memory and the open files of a process at one moment. */
export type Holdings = { megabytes: number; openFiles?: number };

/** Reads the memory of a process and, where /proc exists, the number of its open files and sockets. Undefined if it has ended. */
export function holdingsOf(pid: number): Holdings | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return {
      megabytes: Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024),
      openFiles: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return fromPs(pid);
  }
}

// For systems without /proc, such as macOS.
function fromPs(pid: number): Holdings | undefined {
  try {
    const kilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return kilobytes > 0 ? { megabytes: Math.round(kilobytes / 1024) } : undefined;
  } catch {
    return undefined;
  }
}

/** Selects the lines of a service's log that no request may ever cause. */
export function faultLines(lines: readonly string[]): string[] {
  return lines.filter((line) => /"level":"(?:error|fatal)"|[Uu]nhandled|uncaught|A request failed|heap out of memory/.test(line));
}
