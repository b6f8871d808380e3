import { ConfigurationError } from '@orderly/errors';
import {
  adminConfig,
  databaseConfig,
  gatewayHttpConfig,
  loadConfig,
  logConfig,
  maintenanceConfig,
  migrationConfig,
  notificationsConfig,
  orderStatusConfig,
  orderSyncConfig,
  overloadConfig,
  queueConfig,
  redisConfig,
  retentionConfig,
  servedDestinationsConfig,
  shutdownConfig,
} from './index';

const everything = {
  database: databaseConfig,
  redis: redisConfig,
  admin: adminConfig,
  log: logConfig,
  shutdown: shutdownConfig,
  queue: queueConfig,
  http: gatewayHttpConfig,
  overload: overloadConfig,
  orderStatus: orderStatusConfig,
  orderSync: orderSyncConfig,
  served: servedDestinationsConfig,
  notifications: notificationsConfig,
  maintenance: maintenanceConfig,
  retention: retentionConfig,
};
const required = {
  DATABASE_URL: 'postgres://orderly:secret@db/orderly',
  REDIS_URL: 'rediss://redis:6380/1',
  SMTP_URL: 'smtp://mail:25',
  MAIL_FROM: 'Orderly <orders@example.com>',
};

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(everything, { ...required, ...env });
    return [];
  } catch (error) {
    return (error as ConfigurationError).details['faults'] as readonly string[];
  }
};

describe('loadConfig', () => {
  it('uses the documented defaults when only the required variables are set', () => {
    expect(loadConfig(everything, required)).toEqual({
      database: { url: required.DATABASE_URL, poolSize: 10 },
      redis: { url: required.REDIS_URL },
      admin: { host: '0.0.0.0', port: 9090 },
      log: { level: 'info' },
      shutdown: { timeoutMs: 20_000 },
      queue: { prefix: 'orderly' },
      http: { host: '0.0.0.0', port: 3000, drainDelayMs: 5000 },
      overload: {
        eventLoopDelayMs: 1000,
        heapPercent: 90,
        poolWaiting: 2000,
        poolWaitMs: 2000,
        intakeWaiting: 5000,
        intakeWaitMs: 1500,
      },
      orderStatus: { concurrency: 5, parkedDeadlineMs: 900_000, parkedAtDeadline: 'dead-letter' },
      orderSync: { destinationsFile: undefined },
      served: { names: undefined },
      notifications: { concurrency: 10, smtpUrl: required.SMTP_URL, mailFrom: required.MAIL_FROM },
      maintenance: { concurrency: 2 },
      retention: { retentionDays: 90, auditRetentionDays: 400, keyRetentionDays: 90, weeksAhead: 8 },
    });
  });

  it('lists the faults of all fragments in one error', () => {
    const load = () => loadConfig(everything, { REDIS_URL: 'http://redis', PORT: '80x', LOG_LEVEL: 'loud' });
    expect(load).toThrow(ConfigurationError);
    expect(load).toThrow(
      'The environment has 6 mistakes: DATABASE_URL is not set; REDIS_URL must be a URL that starts with redis:// or rediss://; ' +
        'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent; PORT must be a whole number from 0 to 65535; ' +
        'SMTP_URL is not set; MAIL_FROM is not set',
    );
  });

  it('never quotes a value in an error, because it may be a secret', () => {
    const canary = 'canary-4711';
    const env = Object.fromEntries(
      [
        'DATABASE_URL',
        'REDIS_URL',
        'SMTP_URL',
        'MAIL_FROM',
        'PORT',
        'LOG_LEVEL',
        'PARKED_AT_DEADLINE',
        'ORDERLY_QUEUE_PREFIX',
      ].map((name) => [name, `${canary} ${name}`]),
    );
    const faults = faultsOf(env);
    expect(faults).toHaveLength(8);
    expect(faults.join()).not.toContain(canary);
  });

  it('treats an empty or blank variable as unset', () => {
    expect(faultsOf({ DATABASE_URL: '', REDIS_URL: ' \n' })).toEqual(['DATABASE_URL is not set', 'REDIS_URL is not set']);
    expect(loadConfig({ admin: adminConfig }, { ADMIN_PORT: '', ADMIN_HOST: '' })).toEqual({
      admin: { host: '0.0.0.0', port: 9090 },
    });
  });

  it('leaves half of the shutdown timeout for the requests that are in flight after the drain delay', () => {
    const delayOf = (env: Record<string, string>): number => loadConfig({ http: gatewayHttpConfig }, env).http.drainDelayMs;
    expect(delayOf({})).toBe(5000);
    expect(delayOf({ SHUTDOWN_TIMEOUT_MS: '4000' })).toBe(2000);
    expect(delayOf({ SHUTDOWN_DRAIN_DELAY_MS: '0' })).toBe(0);
  });

  it('removes the newline at the end of a mounted secret', () => {
    expect(loadConfig({ redis: redisConfig }, { REDIS_URL: 'redis://r:6379\n' }).redis.url).toBe('redis://r:6379');
  });

  it.each(['10abc', '1e3', '0x10', '1.5', '٣', '--1', 'NaN'])('refuses %s as a number', (value) => {
    expect(faultsOf({ DATABASE_POOL_SIZE: value })).toEqual(['DATABASE_POOL_SIZE must be a whole number from 1 to 1000']);
  });

  it.each([
    ['PORT', '65535', '65536'],
    ['ADMIN_PORT', '0', '-1'],
    ['DATABASE_POOL_SIZE', '1', '0'],
    ['SHUTDOWN_TIMEOUT_MS', '1', '0'],
    ['NOTIFICATIONS_CONCURRENCY', '1000', '1001'],
    ['RETENTION_DAYS', '7', '6'],
    ['AUDIT_RETENTION_DAYS', '3650', '3651'],
    ['EVENT_KEY_RETENTION_DAYS', '90', '89'],
    ['PARTITION_WEEKS_AHEAD', '2', '1'],
  ])('accepts %s at its bound %s and refuses %s', (name, good, bad) => {
    expect(faultsOf({ [name]: good })).toEqual([]);
    expect(faultsOf({ [name]: bad })).toHaveLength(1);
  });

  it.each(['orders@example.com', '"Shop, Inc." <orders@example.com>', 'Shop <orders@example.com>'])(
    'accepts %s as a sender',
    (value) => {
      expect(faultsOf({ MAIL_FROM: value })).toEqual([]);
    },
  );

  it.each(['orders', 'a@b\r\nBcc: c@d', 'Shop orders@example.com', 'Shop, Inc. <orders@example.com>'])(
    'refuses %j as a sender',
    (value) => {
      expect(faultsOf({ MAIL_FROM: value })).toHaveLength(1);
    },
  );

  it('keeps event keys as long as events, and for 90 days at least', () => {
    const keysWith = (env: Record<string, string>) => loadConfig({ retention: retentionConfig }, env).retention.keyRetentionDays;
    expect(keysWith({ RETENTION_DAYS: '30' })).toBe(90);
    expect(keysWith({ RETENTION_DAYS: '120' })).toBe(120);
    expect(keysWith({ RETENTION_DAYS: '30', EVENT_KEY_RETENTION_DAYS: '365' })).toBe(365);
    expect(faultsOf({ RETENTION_DAYS: '120', EVENT_KEY_RETENTION_DAYS: '119' })).toEqual([
      'EVENT_KEY_RETENTION_DAYS must be at least RETENTION_DAYS',
    ]);
  });

  it('freezes the result deeply', () => {
    const config = loadConfig({ redis: redisConfig }, required);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.redis)).toBe(true);
  });

  it('prefers DATABASE_DIRECT_URL for migrations', () => {
    const direct = 'postgres://orderly:secret@db-direct/orderly';
    expect(loadConfig({ database: migrationConfig }, required).database.url).toBe(required.DATABASE_URL);
    expect(loadConfig({ database: migrationConfig }, { ...required, DATABASE_DIRECT_URL: direct }).database.url).toBe(direct);
  });
});
