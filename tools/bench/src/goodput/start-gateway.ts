import { freePort } from '@orderly/servers';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

export interface GatewayProcess {
  readonly url: string;
  /** The most memory that was seen in use. */
  peakMegabytes(): number;
  stop(): Promise<void>;
}

const startTimeoutMs = 30_000;
const sampleMs = 1000;

/** Runs a built api-gateway as a process of its own, as in production. */
export async function startGateway(
  file: string,
  urls: { readonly postgres: string; readonly redis: string },
): Promise<GatewayProcess> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [file], {
    env: {
      ...{ DATABASE_URL: urls.postgres, REDIS_URL: urls.redis, LOG_LEVEL: 'error', SHUTDOWN_DRAIN_DELAY_MS: '0' },
      ...{ HOST: '127.0.0.1', PORT: String(port), ADMIN_HOST: '127.0.0.1', ADMIN_PORT: String(adminPort) },
    },
    stdio: 'inherit',
  });
  const exited = once(child, 'exit');
  let peak = 0;
  const sampling = setInterval(() => {
    execFile('ps', ['-o', 'rss=', '-p', String(child.pid)], (_error, kilobytes) => {
      peak = Math.max(peak, Number(kilobytes) / 1024);
    });
  }, sampleMs);
  const stop = async (): Promise<void> => {
    clearInterval(sampling);
    child.kill('SIGTERM');
    await exited;
  };

  const giveUpAt = Date.now() + startTimeoutMs;
  while (!(await isReady(adminPort))) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      await stop();
      throw new Error('The gateway did not start');
    }
    await pause(100);
  }
  return { url: `http://127.0.0.1:${port}`, peakMegabytes: () => peak, stop };
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
