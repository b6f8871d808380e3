import { freePort, startPostgres, startRedis } from '@orderly/servers';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sinkAsAlertsFile, startAlertSink } from './alert-sink';
import { printBanner } from './banner';
import { openDataFolder, type DataFolder } from './data-folder';
import { runDemo } from './demo';
import { migrateDatabase } from './gateway-command';
import { gatewayPort } from './gateway-port';
import { startMailbox } from './mailbox';
import { watchForNews } from './news';
import type { StackOptions } from './options';
import { partnersAsDestinations } from './partners/destinations-file';
import { startPartners } from './partners/start-partners';
import { ReadyFile, type ReadyContent } from './ready-file';
import { RemarkFilter } from './remark-filter';
import { openServiceLog } from './service-log';
import { ServiceProcess } from './service-process';
import { takeStackKey } from './stack-key';
import type { StopStages } from './stop-stages';
import type { Terminal } from './terminal';
import { takeWebhookSecrets, webhookEnvironment } from './webhook-secrets';
import { serviceFolder, serviceNames, type ServiceName } from './workspace';

export type StackContext = {
  options: StackOptions;
  /** The environment of the process. Settings of the services are passed on. */
  environment: NodeJS.ProcessEnv;
  terminal: Terminal;
  stages: StopStages;
  /** Receives the services before they start, so that the caller can kill them. */
  onServices: (services: ServiceProcess[]) => void;
  /** Called after all other stages. */
  onFolderClosed: (folder: DataFolder) => void;
};

/** Any of these set by the caller: their alerts go there, and not to the sink. */
const alertVariables = ['ORDERLY_ALERTS_FILE', 'ORDERLY_ALERTS_WEBHOOK_URL', 'ORDERLY_ALERTS_MAIL_TO'];

/**
 * Runs everything until a stop is requested. The caller stops the stages.
 * @throws Error with a one-line message if something cannot start; StopRequested if a stop was requested meanwhile.
 */
export async function runStack(context: StackContext): Promise<void> {
  const { options, environment, terminal, stages, onFolderClosed } = context;
  const port = await gatewayPort(options.port);
  const folder = openDataFolder(options.dataFolder);
  stages.add(() => {
    folder.close();
    onFolderClosed(folder);
  });
  process.once('exit', folder.close); // also if a second Ctrl-C skips the stages
  const logFolder = join(folder.path, 'logs');
  mkdirSync(logFolder, { recursive: true });

  const { postgres, redis } = await startServers(context, folder.keptFor, logFolder);
  // The caller's destinations file may use these variables, so their values take precedence.
  const secrets = {
    erpToken: environment.ERP_TOKEN ?? randomBytes(24).toString('base64url'),
    wmsSigningSecret: environment.WMS_SIGNING_SECRET ?? `whsec_${randomBytes(32).toString('base64')}`,
  };
  const webhookSecrets = takeWebhookSecrets(environment, options.dataFolder);
  const [partners, mailbox, alerts] = await Promise.all([
    stages.started(startPartners(secrets), ({ erp, wms }) => Promise.all([erp.stop(), wms.stop()])),
    stages.started(startMailbox(), (started) => started.stop()),
    stages.started(
      startAlertSink((text) => terminal.trouble(`Alert: ${text.split('\n')[0]}`)),
      (started) => started.stop(),
    ),
  ]);
  const partnerUrls = { erp: partners.erp.url, wms: partners.wms.url };
  const ownDestinations = environment.ORDERLY_DESTINATIONS_FILE;
  const destinationsFile = ownDestinations ?? join(folder.path, 'destinations.yaml');
  if (ownDestinations === undefined) writeFileSync(destinationsFile, partnersAsDestinations(partnerUrls));

  const gateway = `http://127.0.0.1:${port}`;
  const hasOwnAlerts = alertVariables.some((name) => environment[name]);
  const alertsFile = join(folder.path, 'alerts.yaml');
  if (!hasOwnAlerts) writeFileSync(alertsFile, sinkAsAlertsFile(alerts.webhookUrl, gateway));

  const serviceEnvironment: NodeJS.ProcessEnv = {
    // Defaults of the stack, which the caller's environment may override …
    ...{ ORDER_STATUS_CONCURRENCY: '50', NOTIFICATIONS_CONCURRENCY: '20', LOG_LEVEL: 'info' },
    ...environment,
    // … and fixed values.
    ...{ DATABASE_URL: postgres.url, REDIS_URL: redis.url, HOST: '127.0.0.1', PORT: String(port), ADMIN_HOST: '127.0.0.1' },
    ...{ SMTP_URL: mailbox.smtpUrl, MAIL_FROM: 'Orderly <orders@orderly.example>', ORDERLY_DESTINATIONS_FILE: destinationsFile },
    ...{ SHUTDOWN_TIMEOUT_MS: '4000', SHUTDOWN_DRAIN_DELAY_MS: '0', FORCE_COLOR: '0' },
    ...(ownDestinations === undefined && { ERP_TOKEN: secrets.erpToken, WMS_SIGNING_SECRET: secrets.wmsSigningSecret }),
    ...(!hasOwnAlerts && { ORDERLY_ALERTS_FILE: alertsFile }),
    ...webhookEnvironment(webhookSecrets),
  };
  await stages.unlessStopped(migrateDatabase(serviceEnvironment));
  const keyOptions = { keptFolder: options.dataFolder, hasOwnDatabase: environment.DATABASE_URL !== undefined };
  const { key: apiKey } = await stages.started(takeStackKey(serviceEnvironment, keyOptions), ({ giveBack }) => giveBack());

  folder.tell({ databaseUrl: postgres.url, gateway });

  const readyFile = new ReadyFile(options.readyFile);
  readyFile.withdraw(); // a file of an earlier run would look valid
  let isUp = false;
  const services = await makeServices(context, serviceEnvironment, logFolder, {
    isUp: () => isUp,
    onPid: (name, pid) => readyFile.replacePid(name, pid),
  });
  context.onServices(services);
  stages.add(() => Promise.all(services.map((service) => service.stop())));
  await stages.unlessStopped(Promise.all(services.map((service) => service.start())));
  isUp = true;
  terminal.line('The five services are up.\n');

  if (options.withDemo) {
    const told = ownDestinations === undefined ? partnerUrls : {};
    await stages.unlessStopped(runDemo({ gateway, apiKey, partners: told, mailbox }, terminal));
  }
  const ready: ReadyContent = {
    gateway,
    apiKey,
    webhookSecrets,
    admin: Object.fromEntries(services.map(({ name, adminUrl }) => [name, adminUrl])),
    pids: Object.fromEntries(services.map(({ name, pid }) => [name, pid])),
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    partners: partnerUrls,
    mailbox: mailbox.url,
    alerts: alerts.url,
  };
  const servers = [postgres.description, redis.description];
  printBanner(ready, { servers, folder, hasOwnDestinations: ownDestinations !== undefined }, terminal);
  stages.add(() => readyFile.withdraw());
  readyFile.publish(ready);
  const news = watchForNews(postgres.url, terminal);
  stages.add(news.stop);
  await stages.untilStopRequested();
}

async function startServers(
  { environment, terminal, stages }: StackContext,
  keptFor: (server: string) => string | undefined,
  logFolder: string,
): Promise<{ postgres: { url: string; description: string }; redis: { url: string; description: string } }> {
  const start = async (name: string, begin: typeof startPostgres): Promise<{ url: string; description: string }> => {
    const log = openServiceLog(logFolder, name);
    const options = { environment, dataFolder: keptFor(name), report: terminal.line, onOutput: log.write };
    const server = await stages.started(begin(options), async (started) => {
      await started.stop();
      await log.close();
    });
    terminal.line(server.description);
    return server;
  };
  const [postgres, redis] = await Promise.all([start('postgres', startPostgres), start('redis', startRedis)]);
  return { postgres, redis };
}

async function makeServices(
  { terminal }: StackContext,
  environment: NodeJS.ProcessEnv,
  logFolder: string,
  { isUp, onPid }: { isUp: () => boolean; onPid: (name: ServiceName, pid: number) => void },
): Promise<ServiceProcess[]> {
  const remarks = new RemarkFilter();
  return Promise.all(
    serviceNames.map(async (name) => {
      const adminPort = await freePort();
      return new ServiceProcess({
        name,
        node: process.execPath,
        folder: serviceFolder(name),
        adminUrl: `http://127.0.0.1:${adminPort}`,
        environment: { ...environment, ADMIN_PORT: String(adminPort) },
        logFolder,
        onRemark: ({ level, text }) => {
          // Warnings during the start are expected and not printed. A service that cannot start is reported anyway.
          const line = isUp() ? remarks.pass(`${name}: ${text}`) : undefined;
          if (line !== undefined) (level === 'error' ? terminal.trouble : terminal.news)(line);
        },
        onDeath: (how, delayMs) => terminal.trouble(`${name} ${how}; restarting${delayMs > 0 ? ` in ${delayMs / 1000} s` : ''}`),
        onReturn: (pid) => {
          terminal.news(`${name} is ready again (process ${pid})`);
          onPid(name, pid);
        },
      });
    }),
  );
}
