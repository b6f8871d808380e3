import { eq, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { AuditAction } from '../audit/audit-entry';
import type { Database } from '../database';
import { audit } from '../schema';
import { columnsOf, readPage, type Page, type ChosenWalk, type PageRequest } from './page';
import { idsOf, type TimeRange } from './time-range';
import { walkDown } from './walk';

/** Which entries are listed: those for which all of it holds. The time is that of their ids. */
export interface AuditFilter extends TimeRange {
  readonly orderId?: string;
  /** The queue, the destination or the API key that was acted on. */
  readonly subject?: string;
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
      filters: givenOf(filter).map(([column, value]) => eq(column, value)),
      key: sql`to_json(${audit.id})`,
    },
    page,
  );
}

/** The columns that are filtered by, the one that leaves least first: an index goes by each. */
function givenOf({ orderId, subject, actor, action }: AuditFilter): [AnyPgColumn, string][] {
  const given: [AnyPgColumn, string | undefined][] = [
    [audit.orderId, orderId],
    [audit.subject, subject],
    [audit.action, action?.startsWith('event.') ? undefined : action],
    [audit.actor, actor],
    [audit.action, action],
  ];
  return given.filter((entry): entry is [AnyPgColumn, string] => entry[1] !== undefined);
}

function walkOf(filter: AuditFilter, after?: string): ChosenWalk {
  const { from, before } = idsOf(filter, after);
  const ids = { key: [audit.id], from: [from], before: [before] };
  const [first] = givenOf(filter);
  if (first === undefined) return { ...walkDown(audit, { equal: [], ...ids }), share: 'all' };
  const [column, value] = first;
  const isAll = givenOf(filter).every(([other]) => other === column);
  return {
    ...walkDown(audit, { equal: [[column, value]], ...ids }, sql`${column} is not null`),
    share: isAll ? 'all' : 'some',
  };
}
