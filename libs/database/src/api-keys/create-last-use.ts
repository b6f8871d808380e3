import type { Database } from '../database';

/** Remembers when keys were last used. */
export interface LastUse {
  /** Costs no query. */
  note(id: string): void;
  /** Writes what is left. From then on nothing is written. A failure is ignored: the next use of the key tells again. */
  stop(): Promise<void>;
}

export interface LastUseOptions {
  /** Of each key at most one use in this time is written, and so late it may be. @defaultValue 60000 */
  readonly intervalMs?: number;
  /** What was not written is tried again after the next interval. */
  readonly onError?: (error: unknown) => void;
}

/** Gathers the uses of all keys and writes them in one statement. */
export function createLastUse(
  db: Pick<Database, 'query'>,
  { intervalMs = 60_000, onError = () => undefined }: LastUseOptions = {},
): LastUse {
  let unwritten = new Map<string, Date>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let writing = Promise.resolve();

  const write = async (): Promise<void> => {
    if (unwritten.size === 0) return;
    const uses = unwritten;
    unwritten = new Map();
    try {
      await db.query(lastUseSql, [[...uses.keys()], [...uses.values()]]);
    } catch (error) {
      // A key that was used again meanwhile has a later time there.
      unwritten = new Map([...uses, ...unwritten]);
      onError(error);
      schedule();
    }
  };

  const schedule = (): void => {
    if (isStopped || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      writing = writing.then(write);
    }, intervalMs);
    timer.unref();
  };

  return {
    note(id) {
      unwritten.set(id, new Date());
      schedule();
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await writing;
      await write();
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
