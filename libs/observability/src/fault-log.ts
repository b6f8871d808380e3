import type { Logger } from './logger';

/** The state of a thing that several parts of a process depend on, such as Redis. Told often, it writes few lines. */
export interface FaultLog {
  /** @param times what the failure stands for, such as the jobs of a batch; the next line has their sum. @defaultValue 1 */
  failed(part: string, error: unknown, times?: number): void;
  /** The part works, again or still. */
  works(part: string): void;
}

export interface FaultLogOptions {
  /** The beginning of each line about a failure; the reason follows. */
  readonly fails: string;
  readonly worksAgain: string;
  /** Called when the first part fails, when the last one works again, and when the first one is known to work. */
  readonly onChange?: (works: boolean) => void;
  /** How long a reason that was written is not written again, in ms. @defaultValue 60,000 */
  readonly intervalMs?: number;
  readonly now?: () => number;
}

/** More reasons than this within an interval are no longer told apart. */
const maxReasons = 20;

/** Writes each reason at `warn` at once and then once per interval while it lasts, and one line when everything works again. */
export function createFaultLog(
  logger: Pick<Logger, 'warn'>,
  { fails, worksAgain, onChange, intervalMs = 60_000, now = Date.now }: FaultLogOptions,
): FaultLog {
  const failing = new Set<string>();
  const nextAt = new Map<string, number>();
  let works: boolean | undefined;
  let count = 0;
  /** Without a line about the failure, a line about its end would confuse: a part that flaps stays silent. */
  let isTold = false;

  const change = (to: boolean): void => {
    if (works === to) return;
    works = to;
    onChange?.(to);
  };

  return {
    failed(part, error, times = 1) {
      failing.add(part);
      change(false);
      count += times;
      const reason = reasonOf(error);
      if (now() < (nextAt.get(reason) ?? 0)) return;
      if (nextAt.size >= maxReasons) nextAt.clear();
      nextAt.set(reason, now() + intervalMs);
      isTold = true;
      logger.warn({ part, code: (error as { code?: unknown } | null)?.code, count }, `${fails}: ${reason}`);
      count = 0;
    },
    works(part) {
      failing.delete(part);
      if (failing.size > 0) return;
      change(true);
      if (isTold) logger.warn({ count }, worksAgain);
      isTold = false;
      count = 0;
    },
  };
}

/** Node tries every address of a name: the error that gathers the failures has no message of its own. */
function reasonOf(error: unknown): string {
  const { message, errors, name } = Object(error) as { message?: string; errors?: unknown[]; name?: string };
  if (!message && errors?.length) return reasonOf(errors[0]);
  return message || name || String(error);
}
