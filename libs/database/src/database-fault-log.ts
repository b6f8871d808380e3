import type { Logger } from '@orderly/observability';
import { explainDatabaseFault } from './explain-fault';

export interface FaultLogOptions {
  /** The consequence of the fault, as a sentence of its own. */
  readonly consequence: string;
  /** How often a reason that lasts is written again, in ms. @defaultValue 60000 */
  readonly intervalMs?: number;
  /** In ms. @defaultValue the monotonic clock */
  readonly now?: () => number;
}

/** Bounds the memory; beyond it, reasons are written again. */
const maxReasons = 20;

/**
 * Writes why PostgreSQL cannot be used, with what to do: a reason at once when it appears, and again every minute while it lasts.
 *
 * @returns a function for every failure; it returns false for a failure without an explanation, which is not written
 */
export function createDatabaseFaultLog(
  logger: Pick<Logger, 'warn'>,
  { consequence, intervalMs = 60_000, now = () => performance.now() }: FaultLogOptions,
): (error: unknown) => boolean {
  const nextAt = new Map<string, number>();
  return (error) => {
    const fault = explainDatabaseFault(error);
    if (fault === undefined) return false;
    // One outage has several symptoms, such as a broken and then a refused connection. They differ in the text in brackets.
    const reason = fault.message.replace(/\(.*\)/, '');
    if (now() < (nextAt.get(reason) ?? -Infinity)) return true;
    if (nextAt.size >= maxReasons) nextAt.clear();
    nextAt.set(reason, now() + intervalMs);
    logger.warn({ code: fault.code }, `${fault.message}. ${consequence}`);
    return true;
  };
}
