import { explainDatabaseFault } from './explain-fault';
import { createDatabaseFaultLog } from './database-fault-log';

const fault = (code: string, message: string) => Object.assign(new Error(message), { code });

describe('the explanation of a PostgreSQL fault', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'a wrong password',
      fault('28P01', 'password authentication failed for user "o"'),
      /refuses DATABASE_URL .*correct the user and the password/,
    ],
    ['a missing password', new Error('SASL: client password must be a string'), /correct the user and the password/],
    ['a wrong database', fault('3D000', 'database "x" does not exist'), /correct the name of the database/],
    ['a missing right', fault('42501', 'permission denied for table jobs'), /permission denied for table jobs.*grant/],
    ['a missing table', fault('42P01', 'relation "jobs" does not exist'), /not up to date .*run migrate first/],
    [
      'a foreign certificate',
      fault('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
      /TLS .*self-signed certificate.*sslrootcert/,
    ],
    ['a server without TLS', new Error('The server does not support SSL connections'), /has no TLS.*sslmode=disable/],
    ['a database that a pooler does not know', fault('08P01', 'no such database: x'), /correct the name of the database/],
    ['a password that a pooler refuses', fault('08P01', 'password authentication failed'), /correct the user and the password/],
    ['a pooler', fault('08P01', 'unsupported startup parameter: statement_timeout'), /ignore_startup_parameters/],
    ['a missing file', fault('ENOENT', "ENOENT: no such file or directory, open '/ca.pem'"), /cannot be read .*ca\.pem/],
  ])('is configuration-invalid and says what to correct for %s', (_name, error, line) => {
    expect(explainDatabaseFault(error)).toMatchObject({ code: 'configuration-invalid', message: expect.stringMatching(line) });
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a server that is not there',
      fault('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'),
      /does not answer at DATABASE_URL \(connect/,
    ],
    ['a pooler without its server', fault('08P01', 'query_wait_timeout'), /does not answer .*query_wait_timeout/],
    ['a standby', fault('25006', 'cannot execute INSERT in a read-only transaction'), /read-only.*primary/],
    ['a full disk', fault('53100', 'could not extend file'), /no disk space/],
    ['no connection left', fault('53300', 'sorry, too many clients already'), /DATABASE_POOL_SIZE/],
    ['a slow statement', fault('57014', 'canceling statement due to statement timeout'), /could not finish/],
  ])('is database-unavailable with the reason for %s', (_name, error, line) => {
    expect(explainDatabaseFault(error)).toMatchObject({ code: 'database-unavailable', message: expect.stringMatching(line) });
  });

  it('is missing for our own faults', () => {
    expect(explainDatabaseFault(fault('42601', 'syntax error'))).toBeUndefined();
    expect(explainDatabaseFault(new TypeError('x'))).toBeUndefined();
  });

  it('names the given variable', () => {
    expect(explainDatabaseFault(fault('3D000', 'x'), 'DATABASE_DIRECT_URL')?.message).toContain('DATABASE_DIRECT_URL');
  });
});

describe('the log of such faults', () => {
  function setup() {
    const lines: string[] = [];
    const clock = { ms: 0 };
    const logger = { warn: (_fields: object, message: string) => void lines.push(message) };
    const log = createDatabaseFaultLog(logger as never, { consequence: 'Work waits.', now: () => clock.ms });
    return { lines, clock, log };
  }
  const refused = fault('ECONNREFUSED', 'connect ECONNREFUSED');
  const password = fault('28P01', 'password authentication failed');

  it('writes a reason at once and again after a minute, but not in between', () => {
    const { lines, clock, log } = setup();
    for (const ms of [0, 100, 59_999]) {
      clock.ms = ms;
      expect(log(refused)).toBe(true);
    }
    expect(lines).toEqual([expect.stringMatching(/^PostgreSQL does not answer .*\. Work waits\.$/)]);
    clock.ms = 60_000;
    log(refused);
    expect(lines).toHaveLength(2);
  });

  it('writes another reason at once', () => {
    const { lines, log } = setup();
    for (const error of [refused, password, refused, password]) log(error);
    expect(lines).toEqual([expect.stringContaining('does not answer'), expect.stringContaining('refuses')]);
  });

  it('leaves faults without an explanation to its caller', () => {
    const { lines, log } = setup();
    expect(log(new TypeError('x'))).toBe(false);
    expect(lines).toEqual([]);
  });
});
