import type { Database } from '@orderly/database';

/** Records when keys were last used, without a query per request. */
export interface LastUse {
  /** Notes a use in memory. It is written later, together with others. */
  note(id: string): void;
  /** Writes the remaining uses; later ones are ignored. A failed write is not retried: the key's next use replaces it. */
  stop(): Promise<void>;
}

export interface LastUseOptions {
  /** Each key is written at most once in this time, so `last_used_at` may be this late. @defaultValue 60000 */
  readonly intervalMs?: number;
  /** How long a use waits for uses of other keys, so that one statement writes them together. @defaultValue 1000 */
  readonly gatherMs?: number;
  /** A write failed. Its uses are written again after the next interval. */
  readonly onError?: (error: unknown) => void;
}

/** Collects the uses of all keys and writes the due ones in one statement. */
export function createLastUse(
  db: Pick<Database, 'query'>,
  { intervalMs = 60_000, gatherMs = 1000, onError = () => undefined }: LastUseOptions = {},
): LastUse {
  let unwritten = new Map<string, Date>();
  /** When keys were written, in ms since 1970. Entries are removed after the interval, so the map stays small. */
  const writtenAt = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;
  let isStopped = false;
  let writing = Promise.resolve();

  const write = async (uses: ReadonlyMap<string, Date>): Promise<void> => {
    if (uses.size === 0) return;
    try {
      await db.query(lastUseSql, [[...uses.keys()], [...uses.values()]]);
    } catch (error) {
      // If a key was used again meanwhile, `unwritten` has its later time, which wins.
      unwritten = new Map([...uses, ...unwritten]);
      onError(error);
    }
  };

  const takeDue = (now: number): ReadonlyMap<string, Date> => {
    for (const [id, at] of writtenAt) if (at + intervalMs <= now) writtenAt.delete(id);
    const due = new Map([...unwritten].filter(([id]) => !writtenAt.has(id)));
    for (const id of due.keys()) {
      unwritten.delete(id);
      writtenAt.set(id, now);
    }
    return due;
  };

  const schedule = (at: number): void => {
    if (isStopped || at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => {
      timerAt = Infinity;
      const due = takeDue(Date.now());
      writing = writing.then(async () => {
        await write(due);
        for (const id of unwritten.keys()) schedule(dueAt(id));
      });
    }, at - Date.now());
    // A pending write must not keep the process alive; `stop` writes it.
    timer.unref();
  };

  const dueAt = (id: string): number => Math.max(Date.now() + gatherMs, (writtenAt.get(id) ?? 0) + intervalMs);

  return {
    note(id) {
      unwritten.set(id, new Date());
      schedule(dueAt(id));
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await writing;
      await write(unwritten);
    },
  };
}

/** $1 ids, $2 times. Locks rows in the order of ids: other gateways write the same keys, and would deadlock otherwise. */
const lastUseSql = `
  with used as (select * from unnest($1::uuid[], $2::timestamptz[]) as used(id, at)),
  locked as materialized (select id from api_keys where id = any($1) order by id for no key update)
  update api_keys set last_used_at = greatest(api_keys.last_used_at, used.at)
  from locked join used on used.id = locked.id
  where api_keys.id = locked.id`;
