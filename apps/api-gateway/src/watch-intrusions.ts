import type { AlertCause } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { raiseAlerts } from '@orderly/ledger';
import { createSparseLog, type Logger } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';

/** A refusal that may be an attack, if there are many. */
type Intrusion = Extract<AlertCause, 'wrong-api-keys' | 'forged-webhooks'>;

/** Counts requests with wrong credentials. */
export interface IntrusionWatch extends Service {
  /** @param subject - what was attacked; a set with few members, such as the platforms */
  note(cause: Intrusion, subject: string): void;
}

export interface IntrusionOptions {
  readonly logger: Logger;
  /** So many refusals of one kind within a minute raise an alert. 0 raises none. */
  readonly perMinute: number;
  /** @defaultValue 60,000 */
  readonly intervalMs?: number;
}

/** The refusals of one kind in this minute. */
interface Count {
  readonly cause: Intrusion;
  readonly subject: string;
  count: number;
  /** So many of them are in an alert already. */
  told: number;
}

/**
 * Raises an alert when many requests have wrong credentials. It counts in memory and writes twice per minute and kind at most, when
 * the threshold is reached and when the minute ends, so that an attack costs PostgreSQL nothing.
 */
export function watchIntrusions(
  db: Pick<Database, 'query'>,
  { logger, perMinute, intervalMs = 60_000 }: IntrusionOptions,
): IntrusionWatch {
  let counts = new Map<string, Count>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  const log = createSparseLog<unknown>(
    (error, failures) => logger.warn({ err: error, failures }, 'An alert about wrong credentials could not be stored'),
    { intervalMs: 60_000 },
  );
  const raise = (kinds: Iterable<Count>): void => {
    const alerts = [...kinds].flatMap((kind) => {
      const { cause, subject, count, told } = kind;
      kind.told = count;
      return count >= perMinute && count > told ? [{ cause, subject, count: count - told }] : [];
    });
    writing = raiseAlerts(db.query, alerts).catch(log);
  };

  const service = createService({
    name: 'intrusions',
    start: async () => {
      timer = setInterval(() => {
        raise(counts.values());
        counts = new Map();
      }, intervalMs);
    },
    stop: async () => {
      clearInterval(timer);
      raise(counts.values());
      await writing;
    },
  });
  return {
    ...service,
    note: (cause, subject) => {
      if (perMinute === 0) return;
      const kind = counts.get(`${cause} ${subject}`) ?? { cause, subject, count: 0, told: 0 };
      counts.set(`${cause} ${subject}`, kind);
      kind.count += 1;
      if (kind.count === perMinute) raise([kind]);
    },
  };
}
