import { isAppError } from '@orderly/errors';
import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { describeFailure } from './run-main';
import type { Service } from './service';

/** What `runService` needs of a logger; pino's fits. */
export interface ServiceLogger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RunOptions {
  /** How long `stop` may take, in ms. Must lie below the time after which the supervisor kills the process. */
  readonly shutdownTimeoutMs: number;
  readonly logger: ServiceLogger;
  /** Called last, such as to flush telemetry. May take 3 s. */
  readonly onExit?: () => Promise<void>;
}

const onExitTimeoutMs = 3000;

/**
 * Starts a service and ties it to the process: SIGTERM and SIGINT stop it (exit status 0), a second signal ends the process at
 * once, an uncaught exception or rejection stops it with status 1, and so does a stop that outlasts its deadline, after the
 * parts that hang were logged. A start that fails says so in one line and exits with 1.
 *
 * @returns when the service has started; the process then lives until it is told to stop
 */
export async function runService(service: Service, { shutdownTimeoutMs, logger, onExit }: RunOptions): Promise<void> {
  const state = { isStopping: false, exitCode: 0 };

  const stopAndExit = async (): Promise<void> => {
    if (state.isStopping) return;
    state.isStopping = true;
    try {
      if (!(await settlesWithin(() => service.stop(), shutdownTimeoutMs))) {
        state.exitCode = 1;
        logger.error({ unstopped: service.unstopped?.() ?? [service.name], shutdownTimeoutMs }, 'Not stopped in time');
      }
    } catch (error) {
      state.exitCode = 1;
      logger.error({ err: error }, 'Not stopped cleanly');
    }
    await settlesWithin(async () => onExit?.(), onExitTimeoutMs).catch((error: unknown) =>
      logger.error({ err: error }, 'The last step failed'),
    );
    logger.info({ exitCode: state.exitCode }, `${service.name} has stopped`);
    process.exit(state.exitCode);
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (state.isStopping) process.exit(128 + constants.signals[signal]);
      logger.info({ signal }, `${service.name} is stopping`);
      void stopAndExit();
    });
  // Unhandled rejections arrive here too.
  process.on('uncaughtException', (error, origin) => {
    state.exitCode = 1;
    logger.error({ err: error, origin }, 'Uncaught');
    void stopAndExit();
  });

  const startedAt = performance.now();
  try {
    await service.start();
    logger.info({ startMs: Math.round(performance.now() - startedAt) }, `${service.name} has started`);
  } catch (error) {
    // Stopped while it started: nothing failed.
    if (state.isStopping) return;
    state.exitCode = 1;
    if (isAppError(error)) process.stderr.write(`${service.name} cannot start: ${describeFailure(error)}\n`);
    else logger.error({ err: error }, `${service.name} cannot start`);
    await stopAndExit();
  }
}

/** False if the time ran out first; a rejection is passed on. */
async function settlesWithin(work: () => Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => (timer = setTimeout(resolve, timeoutMs, false)));
  try {
    return await Promise.race([work().then(() => true as const), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
