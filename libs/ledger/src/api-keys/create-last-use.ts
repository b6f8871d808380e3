import type { Database } from '@orderly/database';

/** Remembers when keys were last used. */
export interface LastUse {
  /** Costs no query. */
  note(id: string): void;
  /** Writes what is left. From then on nothing is written. A failure is ignored: the next use of the key tells again. */
  stop(): Promise<void>;
}

export interface LastUseOptions {
  /** Of each key at most one use in this time is written, and so late the next may be. @defaultValue 60000 */
  readonly intervalMs?: number;
  /** How long the use of a key that was idle waits for those of others, to be written with them. @defaultValue 1000 */
  readonly gatherMs?: number;
  /** What was not written is tried again after the next interval. */
  readonly onError?: (error: unknown) => void;
}

/** Gathers the uses of all keys and writes those that are due in one statement. */
export function createLastUse(
  db: Pick<Database, 'query'>,
  { intervalMs = 60_000, gatherMs = 1000, onError = () => undefined }: LastUseOptions = {},
): LastUse {
  let unwritten = new Map<string, Date>();
  /** When keys were last written, in ms since 1970; only those of the last interval. */
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
      // A key that was used again meanwhile has a later time there.
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

/** $1 ids, $2 times. Locks in the order of ids, as another gateway does with the same keys. */
const lastUseSql = `
  with used as (select * from unnest($1::uuid[], $2::timestamptz[]) as used(id, at)),
  locked as materialized (select id from api_keys where id = any($1) order by id for no key update)
  update api_keys set last_used_at = greatest(api_keys.last_used_at, used.at)
  from locked join used on used.id = locked.id
  where api_keys.id = locked.id`;
