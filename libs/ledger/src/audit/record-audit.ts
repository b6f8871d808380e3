import type { Database } from '@orderly/database';
import { auditColumns, auditRecordset, auditRow, type AuditEntry } from './audit-entry';

/**
 * Adds entries to the audit trail in one statement. With the `query` of a transaction, the entries are stored only if it commits.
 *
 * @param entries - all texts must be storable: no NUL, no lone surrogate
 */
export async function recordAudit(db: Pick<Database, 'query'>, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db.query(recordSql, [JSON.stringify(entries.map(auditRow))]);
}

/** $1 entries (JSON). */
const recordSql = `insert into audit (${auditColumns}) select ${auditColumns} from ${auditRecordset('$1')}`;
