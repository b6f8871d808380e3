import { AlertChannel } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import type { AlertSettings } from '@orderly/destinations';
import type { RunnableJob } from '@orderly/jobs';
import { openAlerts, raiseAlerts, type Alert } from '@orderly/ledger';
import { createSparseLog, metrics, type Logger } from '@orderly/observability';
import type { RedisMemory } from '@orderly/queue';
import { createService, type Service } from '@orderly/runtime';

export interface AlertDeskOptions {
  readonly db: Database;
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  readonly redisMemory: () => Promise<RedisMemory>;
  readonly settings: Pick<AlertSettings, 'webhook' | 'mail' | 'windowSeconds' | 'redisMemoryPercent'> | undefined;
  readonly logger: Logger;
}

/** How soon an alert is sent after it was raised, in ms. */
const lookMs = 1000;
/** How often the memory of Redis is looked at, in looks. */
const looksPerRedis = 10;
/** A lasting state of Redis is one occurrence per so long, however many processes see it, in ms. */
const quietMs = 600_000;

/** Turns raised alerts into jobs once a second, and raises those about Redis. Without settings nobody is told. */
export function createAlertDesk({ db, relay, redisMemory, settings, logger }: AlertDeskOptions): Service {
  const channels = AlertChannel.options.filter((name) => settings?.[name]);
  const windowMs = (settings?.windowSeconds ?? 0) * 1000;
  const log = createSparseLog<unknown>(
    (error, failures) => logger.warn({ err: error, failures }, 'Alerts could not be opened; they will be tried again'),
    { intervalMs: 60_000 },
  );
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let looks = 0;

  const look = async (): Promise<void> => {
    if (looks % looksPerRedis === 0) {
      // While Redis is away there is nothing to read; other parts say so.
      const memory = await redisMemory().catch(() => undefined);
      if (memory) await raiseAlerts(db.query, redisAlerts(memory, settings?.redisMemoryPercent ?? 100), { quietMs });
    }
    looks += 1;
    for (const { cause, jobs } of await openAlerts(db, { channels, windowMs })) {
      metrics.alertsOpened.add({ cause });
      relay(jobs);
    }
  };
  const tick = (): void => {
    looking ??= look()
      .catch(log)
      .finally(() => (looking = undefined));
  };
  return createService({
    name: 'alert desk',
    async start() {
      if (channels.length === 0) logger.info('No alerts are sent; ORDERLY_ALERTS_FILE sets them up');
      timer = setInterval(tick, lookMs);
      tick();
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  });
}

/** What the memory of Redis gives reason to tell. */
export function redisAlerts({ policy, usedBytes, limitBytes }: RedisMemory, percent: number): Alert[] {
  const used = limitBytes > 0 ? Math.floor((usedBytes / limitBytes) * 100) : 0;
  const detail = `It uses ${used} % of its limit of ${Math.round(limitBytes / 1_048_576)} MB.`;
  return [
    ...(policy === 'noeviction'
      ? []
      : [{ cause: 'redis-evicting', subject: 'redis', detail: `Its policy is ${policy}.` } as const]),
    ...(limitBytes > 0 && used >= percent ? [{ cause: 'redis-memory', subject: 'redis', detail } as const] : []),
  ];
}
