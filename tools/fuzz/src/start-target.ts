import { spawnGuarded } from '@orderly/servers';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A private system whose gateway is tested. */
export type Target = {
  url: string;
  /** An API key with all scopes. */
  key: string;
  /** The present pid of the gateway. It changes if the gateway dies and is restarted. */
  pid: () => number;
  /** The lines of the gateway's log so far. */
  log: () => string[];
  stop: () => Promise<void>;
};

const startTimeoutMs = 120_000;

/**
 * Starts all of Orderly as `npm start` does, on private servers. It processes a made-up order, so that requests can use existing
 * ids.
 *
 * @param stackProgram - the built program of `tools/stack`
 * @throws Error with the output of the system if it does not start
 */
export async function startTarget(stackProgram: string, environment: NodeJS.ProcessEnv): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'orderly-fuzz-'));
  chmodSync(folder, 0o755); // PostgreSQL may run as another user, who must reach its folder inside this one
  const readyFile = join(folder, 'ready.json');
  const output: string[] = [];
  const child = await spawnGuarded(
    process.execPath,
    [stackProgram, '--port', '0', '--data-dir', join(folder, 'data'), '--ready-file', readyFile],
    {
      environment: { ...environment, TMPDIR: folder },
      stopSignal: 'SIGINT',
      stopTimeoutMs: 12_000,
      removeFolder: folder,
      onOutput: (line) => output.push(line),
    },
  );
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const end = Date.now() + startTimeoutMs;
  while (!existsSync(readyFile)) {
    if (!child.isRunning() || Date.now() > end) {
      await stop();
      throw new Error(`Orderly did not start:\n${output.slice(-20).join('\n')}`);
    }
    await pause(50);
  }
  const ready = (): Ready => JSON.parse(readFileSync(readyFile, 'utf8')) as Ready;
  const { gateway: url, apiKey: key } = ready();
  const logFile = join(folder, 'data', 'logs', 'api-gateway.log');
  return {
    url,
    key,
    pid: () => ready().pids['api-gateway'] ?? 0,
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').filter(Boolean) : []),
    stop,
  };
}

type Ready = { gateway: string; apiKey: string; pids: Readonly<Record<string, number>> };
