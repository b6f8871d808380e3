/**
 * The kinds of PostgreSQL's faults, by what the caller should do:
 *
 * - `away`: the server cannot serve now, or only reads. Wait for it, for as long as it takes.
 * - `setup`: the server refuses access, or lacks our tables. Wait too, and say what a person has to correct.
 * - `busy`: another transaction or a passing fault of the server stood in the way. Try again, a few times.
 * - `exhausted`: the statement took more time or memory than it is allowed. Make it smaller, or try it again a few times.
 * - `refused`: the statement, or one row of it, is at fault. Trying again changes nothing.
 */
export type FaultKind = 'away' | 'setup' | 'busy' | 'exhausted' | 'refused';

interface SqlStateClass {
  readonly name: string;
  readonly kind: FaultKind;
  /** Codes that differ in kind from the rest of their class. */
  readonly except?: Readonly<Record<string, FaultKind>>;
}

/**
 * Every class of SQLSTATE in Appendix A of PostgreSQL 18, by its two characters. A class that is not here, of a later
 * PostgreSQL or an extension, counts as `refused`.
 */
export const sqlStateClasses: Readonly<Record<string, SqlStateClass>> = {
  '00': { name: 'successful completion', kind: 'refused' },
  '01': { name: 'warning', kind: 'refused' },
  '02': { name: 'no data', kind: 'refused' },
  '03': { name: 'SQL statement not yet complete', kind: 'refused' },
  '08': {
    name: 'connection exception',
    kind: 'away',
    except: { '08P01': 'busy' }, // protocol violation, such as a wrong number of parameters; PgBouncer uses it for its own faults
  },
  '09': { name: 'triggered action exception', kind: 'refused' },
  // A prepared statement whose table was altered since ("cached plan must not change result type") works on a new connection.
  '0A': { name: 'feature not supported', kind: 'refused', except: { '0A000': 'busy' } },
  '0B': { name: 'invalid transaction initiation', kind: 'refused' },
  '0F': { name: 'locator exception', kind: 'refused' },
  '0L': { name: 'invalid grantor', kind: 'refused' },
  '0P': { name: 'invalid role specification', kind: 'refused' },
  '0Z': { name: 'diagnostics exception', kind: 'refused' },
  '10': { name: 'XQuery error', kind: 'refused' },
  '20': { name: 'case not found', kind: 'refused' },
  '21': { name: 'cardinality violation', kind: 'refused' },
  '22': { name: 'data exception', kind: 'refused' },
  '23': { name: 'integrity constraint violation', kind: 'refused' },
  '24': { name: 'invalid cursor state', kind: 'refused' },
  '25': {
    name: 'invalid transaction state',
    kind: 'refused',
    except: {
      '25006': 'away', // read-only: a standby, or the former primary after a failover
      '25P03': 'away', // idle in a transaction for too long, because this process stood still; the connection is gone
      '25P04': 'exhausted', // transaction_timeout; the connection is gone
    },
  },
  // A pooler switched to a connection on which the statement was never prepared.
  '26': { name: 'invalid SQL statement name', kind: 'busy' },
  '27': { name: 'triggered data change violation', kind: 'refused' },
  '28': { name: 'invalid authorization specification', kind: 'setup' },
  '2B': { name: 'dependent privilege descriptors still exist', kind: 'refused' },
  '2D': { name: 'invalid transaction termination', kind: 'refused' },
  '2F': { name: 'SQL routine exception', kind: 'refused' },
  '34': { name: 'invalid cursor name', kind: 'refused' },
  '38': { name: 'external routine exception', kind: 'refused' },
  '39': { name: 'external routine invocation exception', kind: 'refused' },
  '3B': { name: 'savepoint exception', kind: 'refused' },
  '3D': { name: 'invalid catalog name', kind: 'setup' },
  '3F': { name: 'invalid schema name', kind: 'setup' },
  '40': { name: 'transaction rollback', kind: 'busy', except: { '40002': 'refused' } }, // a constraint that is checked at commit
  '42': {
    name: 'syntax error or access rule violation',
    kind: 'refused',
    except: {
      '42501': 'setup', // a right is missing
      '42P01': 'setup', // a table is missing, and below a column, a function, a type: migrations are behind
      '42703': 'setup',
      '42883': 'setup',
      '42704': 'setup',
      '42P05': 'busy', // a pooler gave us a connection on which somebody else prepared the statement
    },
  },
  '44': { name: 'WITH CHECK OPTION violation', kind: 'refused' },
  '53': {
    name: 'insufficient resources', // disk full, too many connections
    kind: 'away',
    except: {
      '53200': 'exhausted', // out of memory: waiting would hit the same row again
      '53400': 'exhausted', // such as temp_file_limit
    },
  },
  '54': { name: 'program limit exceeded', kind: 'refused' },
  '55': {
    name: 'object not in prerequisite state',
    kind: 'refused',
    except: {
      '55006': 'busy', // object in use
      '55P02': 'setup', // a parameter that the server does not let us set
      '55P03': 'busy', // lock_timeout, or nowait
    },
  },
  '57': {
    name: 'operator intervention', // shutdown, crash, not yet up
    kind: 'away',
    except: {
      '57014': 'exhausted', // statement_timeout, or cancelled by an operator
      '57P04': 'setup', // database dropped
    },
  },
  '58': { name: 'system error', kind: 'busy' }, // of the server's disk: may concern one row's page only, so not waited for
  F0: { name: 'configuration file error', kind: 'setup' },
  HV: { name: 'foreign data wrapper error', kind: 'refused' },
  P0: { name: 'PL/pgSQL error', kind: 'refused' },
  XX: {
    name: 'internal error', // such as "tuple concurrently updated"
    kind: 'busy',
    except: {
      XX001: 'refused', // data corrupted
      XX002: 'refused', // index corrupted
    },
  },
};
