import type { Database } from '@orderly/database';
import { auditColumns, auditRecordset, auditRow, type AuditEntry } from './audit-entry';

/**
 * Adds to the audit trail, in one statement. Given a transaction's `query`, the entries are kept if and only if the transaction is.
 *
 * @param entries - every text of them storable: no NUL, no lone surrogate
 */
export async function recordAudit(db: Pick<Database, 'query'>, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db.query(recordSql, [JSON.stringify(entries.map(auditRow))]);
}

/** $1 entries (JSON). */
const recordSql = `insert into audit (${auditColumns}) select ${auditColumns} from ${auditRecordset('$1')}`;
