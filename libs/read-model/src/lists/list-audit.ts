import { syncQueueName } from '@orderly/contracts';
import { eq, inArray, or, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Database } from '@orderly/database';
import { type AuditAction, shownPrefix, visiblePrefixOf } from '@orderly/ledger';
import { audit } from '../schema';
import { columnsOf, readPage, type Page, type ChosenWalk, type PageRequest, type Walk } from './page';
import { idsOf, type TimeRange } from './time-range';
import { walkDown, walkEach, walkEither } from './walk';

/** Filters for audit entries. An entry is listed if all given filters match. The time range applies to the time in its id. */
export interface AuditFilter extends TimeRange {
  readonly orderId?: string;
  /** The queue or API key that was acted on. A destination's name stands for its queue; a key's prefix needs no `orderly_`. */
  readonly subject?: string;
  /** The caller, or the person on whose behalf the caller acted. */
  readonly actor?: string;
  readonly action?: AuditAction;
}

/** An entry of the audit trail, as stored. */
export type AuditRecord = typeof audit.$inferSelect;

/** Entries of the audit trail, the newest first. */
export function listAudit(db: Database, filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>> {
  return readPage<AuditRecord, string>(
    db,
    {
      walk: walkOf(filter, page.after),
      as: audit,
      columns: columnsOf(audit),
      filters: waysOf(filter).map(({ holds }) => holds),
      key: sql`to_json(${audit.id})`,
    },
    page,
  );
}

/** One filter: the condition that checks it, and the walk whose index finds its rows. */
interface Way {
  /** The filter's name. Two ways with the same name select the same rows. */
  readonly by: keyof AuditFilter;
  readonly holds: SQL | undefined;
  readonly walk: (ids: Ids) => Walk;
}

type Ids = Pick<Parameters<typeof walkDown>[1], 'key' | 'from' | 'before'>;

// Some of these indexes leave out nulls. The planner uses such an index only if the query says `is not null` itself.
const below = (column: AnyPgColumn, value: unknown, ids: Ids): Walk =>
  walkDown(audit, { equal: [[column, value]], ...ids }, sql`${column} is not null`);

const byColumn = (by: keyof AuditFilter, column: AnyPgColumn, value: string): Way => ({
  by,
  holds: eq(column, value),
  walk: (ids) => below(column, value, ids),
});

/**
 * The given filters, the most selective first: its index is walked, and the others are checked on each row. Entries about events
 * are by far the most frequent, so an action `event.…` comes after the actor, all other actions before.
 */
function waysOf({ orderId, subject, actor, action }: AuditFilter): Way[] {
  const ways: (Way | undefined)[] = [
    orderId === undefined ? undefined : byColumn('orderId', audit.orderId, orderId),
    subject === undefined ? undefined : bySubject(subject),
    action === undefined || action.startsWith('event.') ? undefined : byColumn('action', audit.action, action),
    actor === undefined ? undefined : byActor(actor),
    action === undefined ? undefined : byColumn('action', audit.action, action),
  ];
  return ways.filter((way) => way !== undefined);
}

/** The name may be that of a queue, a destination or a key's prefix. All three readings are searched. */
function bySubject(name: string): Way {
  const prefix = visiblePrefixOf(name);
  const names = [...new Set([name, syncQueueName(name), ...(prefix === undefined ? [] : [shownPrefix(prefix)])])];
  return {
    by: 'subject',
    holds: inArray(audit.subject, names),
    walk: (ids) => walkEach(audit, audit.id, { subject: names }, (each) => below(audit.subject, each('subject'), ids)),
  };
}

/** An actor's name may be that of a key, or of the person on whose behalf a key acted. */
const byActor = (name: string): Way => ({
  by: 'actor',
  holds: or(eq(audit.actor, name), eq(audit.onBehalfOf, name)),
  walk: (ids) => walkEither(audit, audit.id, [below(audit.actor, name, ids), below(audit.onBehalfOf, name, ids)]),
});

function walkOf(filter: AuditFilter, after?: string): ChosenWalk {
  const { from, before } = idsOf(filter, after);
  const ids: Ids = { key: [audit.id], from: [from], before: [before] };
  const ways = waysOf(filter);
  // If a second filter has to be checked, most rows of the walk may not match.
  const [first] = ways;
  if (first === undefined) return { ...walkDown(audit, { equal: [], ...ids }), share: 'all' };
  return { ...first.walk(ids), share: ways.every(({ by }) => by === first.by) ? 'all' : 'some' };
}
