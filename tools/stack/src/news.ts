import { Client } from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { holdLine, type Hold } from './hold-line';
import type { Terminal } from './terminal';

export type News = { stop: () => Promise<void> };

type DeadLetter = {
  name: string;
  order_id: string | null;
  destination: string | null;
  error_code: string | null;
  /** Text, because a Date has no microseconds: the query would find the same letter again for ever. */
  ended_at: string;
};

/** Prints new dead letters and holds from the ledger. An unavailable database is not reported here, because the services report it. */
export function watchForNews(databaseUrl: string, terminal: Terminal): News {
  const stopped = new AbortController();
  const watching = watch(databaseUrl, terminal, stopped.signal);
  return {
    stop: () => {
      stopped.abort();
      return watching;
    },
  };
}

async function watch(databaseUrl: string, terminal: Terminal, stopped: AbortSignal): Promise<void> {
  const tell = new Teller(terminal);
  let since = new Date().toISOString();
  for (;;) {
    if (stopped.aborted) return;
    const client = new Client({ connectionString: databaseUrl, application_name: 'orderly-stack' });
    client.on('error', () => undefined); // the next query fails, too, and a new connection follows
    try {
      await client.connect();
      for (;;) {
        const letters = await client.query<DeadLetter>(
          `select name, order_id, destination, error_code, ended_at::text from jobs
           where outcome = 'dead' and ended_at > $1::timestamptz order by jobs.ended_at limit 1000`,
          [since],
        );
        since = letters.rows.at(-1)?.ended_at ?? since;
        const holds = await client.query<Hold>(
          `select scope, key, reason, since, until, note, coalesce(on_behalf_of, actor) as actor from holds
           where reason <> 'throttled' or until > now() order by scope, key limit 100`,
        );
        tell.deadLetters(letters.rows);
        tell.holds(holds.rows);
        await pause(1_000, undefined, { signal: stopped });
      }
    } catch {
      await pause(2_000, undefined, { signal: stopped }).catch(() => undefined);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** A throttled destination is held again every few seconds. It counts as running only after this time without a hold. */
const quietMs = 5_000;

class Teller {
  readonly #terminal: Terminal;
  /** Holds, with the time at which each was last seen, in ms. */
  readonly #waiting = new Map<string, number>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  deadLetters(letters: DeadLetter[]): void {
    const byKind = Map.groupBy(
      letters,
      ({ name, destination, error_code: code }) => `${destination ?? name}: ${code ?? 'no code'}`,
    );
    for (const [kind, same] of byKind) {
      const [first] = same;
      const which = same.length > 1 ? `${same.length} dead letters` : `Dead letter of order ${first?.order_id ?? '–'}`;
      this.#terminal.trouble(`${which}, ${kind} (GET /v1/dead-letters)`);
    }
  }

  holds(holds: Hold[]): void {
    for (const hold of holds) {
      const what = `${hold.scope} ${hold.key}`;
      if (!this.#waiting.has(what)) this.#terminal.trouble(holdLine(hold));
      this.#waiting.set(what, Date.now());
    }
    for (const [what, lastSeen] of this.#waiting) {
      if (Date.now() - lastSeen < quietMs) continue;
      this.#waiting.delete(what);
      this.#terminal.news(`The ${what} is running again`);
    }
  }
}
