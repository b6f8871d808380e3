import { faultKind, isDatabaseAway, kindOfSqlState, mayPass } from './fault-kind';
import { sqlStateClasses } from './sql-states';

/** Sections of src/backend/utils/errcodes.txt of PostgreSQL 18, from which Appendix A of its manual is made. */
const classes =
  '00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 F0 HV P0 XX';

const fault = (code: string, message = 'a message') => Object.assign(new Error(message), { code });

describe('the table of SQLSTATE classes', () => {
  it('has each class of PostgreSQL 18, and no other', () => {
    expect(Object.keys(sqlStateClasses).sort()).toEqual(classes.split(' ').sort());
  });

  it('lists only exceptions that belong to their class and differ from its kind', () => {
    for (const [prefix, { kind, except = {} }] of Object.entries(sqlStateClasses)) {
      for (const [code, other] of Object.entries(except)) {
        expect(code).toMatch(new RegExp(`^${prefix}[0-9A-Z]{3}$`));
        expect(other).not.toBe(kind);
      }
    }
  });
});

describe('a fault of PostgreSQL', () => {
  it.each([
    ['away', '08000 08001 08006 25006 25P03 53000 53100 53300 57000 57P01 57P02 57P03 57P05'],
    ['setup', '28000 28P01 3D000 3F000 42501 42P01 42703 42883 42704 55P02 57P04 F0000'],
    ['busy', '0A000 26000 40000 40001 40003 40P01 42P05 08P01 55006 55P03 58000 58030 XX000'],
    ['exhausted', '25P04 53200 53400 57014'],
    ['refused', '21000 22001 22P05 23505 23514 25P02 40002 42601 42804 44000 54000 55000 P0001 XX001 XX002'],
    ['refused', '99999 OR001'],
  ])('is %s for %s', (kind, codes) => {
    for (const code of codes.split(' ')) expect([code, kindOfSqlState(code)]).toEqual([code, kind]);
  });

  it.each([
    ['away', 'pgbouncer cannot connect to server', undefined],
    ['setup', 'unsupported startup parameter: statement_timeout', undefined],
    ['setup', 'no such database: x', undefined],
    ['setup', 'password authentication failed', undefined],
    ['busy', 'bind message supplies 1 parameters, but prepared statement "" requires 2', 'exec_bind_message'],
  ])('with the code 08P01 is %s for "%s"', (kind, message, routine) => {
    expect(faultKind(Object.assign(fault('08P01', message), { routine }))).toBe(kind);
  });

  it('is found behind the error of a wrapping library', () => {
    expect(faultKind(new Error('Failed query', { cause: fault('40001') }))).toBe('busy');
  });

  it('may pass unless it is refused', () => {
    expect(['57P01', '28P01', '40001', '57014'].map((code) => mayPass(fault(code)))).toEqual([true, true, true, true]);
    expect([fault('23505'), new TypeError('x'), 'x', undefined].map(mayPass)).toEqual([false, false, false, false]);
  });
});

describe('a fault of the connection to PostgreSQL', () => {
  it.each<[string, unknown]>([
    ['a refused connection', fault('ECONNREFUSED')],
    ['a refused connection on each address of a name', new AggregateError([fault('ECONNREFUSED')], '')],
    ['a broken connection', new Error('Connection terminated unexpectedly')],
    ['an answer that does not come', new Error('Query read timeout')],
  ])('is away for %s', (_name, error) => {
    expect(faultKind(error)).toBe('away');
    expect(isDatabaseAway(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a self-signed certificate', fault('DEPTH_ZERO_SELF_SIGNED_CERT')],
    ['an unknown issuer', fault('UNABLE_TO_VERIFY_LEAF_SIGNATURE')],
    ['a certificate of another host', fault('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['an expired certificate', fault('CERT_HAS_EXPIRED')],
    ['a server without TLS', new Error('The server does not support SSL connections')],
    ['a missing password', new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')],
  ])('is a set-up fault for %s', (_name, error) => {
    expect(faultKind(error)).toBe('setup');
    expect(isDatabaseAway(error)).toBe(true);
  });

  it('is not assumed for any other error', () => {
    expect(faultKind(new TypeError('x is undefined'))).toBeUndefined();
    expect(faultKind(undefined)).toBeUndefined();
  });
});
