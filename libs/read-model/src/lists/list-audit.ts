import { syncQueueName } from '@orderly/contracts';
import { eq, inArray, or, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Database } from '@orderly/database';
import { type AuditAction, shownPrefix, visiblePrefixOf } from '@orderly/ledger';
import { audit } from '../schema';
import { columnsOf, readPage, type Page, type ChosenWalk, type PageRequest, type Walk } from './page';
import { idsOf, type TimeRange } from './time-range';
import { walkDown, walkEach, walkEither } from './walk';

/** Which entries are listed: those for which all of it holds. The time is that of their ids. */
export interface AuditFilter extends TimeRange {
  readonly orderId?: string;
  /** What was acted on: a queue or an API key. Also a destination's name for its queue, and a key's start without `orderly_`. */
  readonly subject?: string;
  /** Who did it, or the person for whom. */
  readonly actor?: string;
  readonly action?: AuditAction;
}

/** An entry of the audit trail, as it is kept. */
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

interface Way {
  /** What it goes by: two ways of one name let the same rows through. */
  readonly by: keyof AuditFilter;
  readonly holds: SQL | undefined;
  readonly walk: (ids: Ids) => Walk;
}

type Ids = Pick<Parameters<typeof walkDown>[1], 'key' | 'from' | 'before'>;

const below = (column: AnyPgColumn, value: unknown, ids: Ids): Walk =>
  walkDown(audit, { equal: [[column, value]], ...ids }, sql`${column} is not null`);

const byColumn = (by: keyof AuditFilter, column: AnyPgColumn, value: string): Way => ({
  by,
  holds: eq(column, value),
  walk: (ids) => below(column, value, ids),
});

/** By each filter that is given, the one that leaves least first: indexes go by all of them. */
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

function bySubject(name: string): Way {
  const prefix = visiblePrefixOf(name);
  const names = [...new Set([name, syncQueueName(name), ...(prefix === undefined ? [] : [shownPrefix(prefix)])])];
  return {
    by: 'subject',
    holds: inArray(audit.subject, names),
    walk: (ids) => walkEach(audit, audit.id, { subject: names }, (each) => below(audit.subject, each('subject'), ids)),
  };
}

/** A key, and a person who did it through a key, are looked for alike. */
const byActor = (name: string): Way => ({
  by: 'actor',
  holds: or(eq(audit.actor, name), eq(audit.onBehalfOf, name)),
  walk: (ids) => walkEither(audit, audit.id, [below(audit.actor, name, ids), below(audit.onBehalfOf, name, ids)]),
});

function walkOf(filter: AuditFilter, after?: string): ChosenWalk {
  const { from, before } = idsOf(filter, after);
  const ids: Ids = { key: [audit.id], from: [from], before: [before] };
  const ways = waysOf(filter);
  const [first] = ways;
  if (first === undefined) return { ...walkDown(audit, { equal: [], ...ids }), share: 'all' };
  return { ...first.walk(ids), share: ways.every(({ by }) => by === first.by) ? 'all' : 'some' };
}
