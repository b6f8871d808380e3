import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process holds at one moment. */
export type Holdings = { megabytes: number; openFiles?: number };

/** What a process holds; the number of open files, sockets among them, only where the system tells. Undefined: it has ended. */
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

// Where there is no /proc, as on macOS.
function fromPs(pid: number): Holdings | undefined {
  try {
    const kilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return kilobytes > 0 ? { megabytes: Math.round(kilobytes / 1024) } : undefined;
  } catch {
    return undefined;
  }
}

/** Lines of a service's log that a request must never cause, whatever it holds. */
export function faultLines(lines: readonly string[]): string[] {
  return lines.filter((line) => /"level":"(?:error|fatal)"|[Uu]nhandled|uncaught|A request failed|heap out of memory/.test(line));
}
