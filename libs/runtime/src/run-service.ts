import { isAppError } from '@orderly/errors';
import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { describeFailure } from './run-main';
import type { Service } from './service';
import { settlesWithin } from './settles-within';

/** The methods of a logger that `runService` uses; pino has them. */
export interface ServiceLogger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RunOptions {
  /** How long `stop` may take, in ms. Must be shorter than the time after which the supervisor kills the process. */
  readonly shutdownTimeoutMs: number;
  readonly logger: ServiceLogger;
  /** Called last, for example to flush telemetry. It may take 3 s. */
  readonly onExit?: () => Promise<void>;
}

const onExitTimeoutMs = 3000;

/**
 * Starts a service and stops it with the process.
 * - SIGTERM and SIGINT stop it with exit status 0. A second signal ends the process at once.
 * - An uncaught exception or rejection stops it with status 1.
 * - If the stop exceeds its deadline, the parts that still run are logged, and the status is 1.
 * - If the start fails, one line gives the reason, and the status is 1.
 *
 * @returns when the service has started; the process then runs until it is stopped
 */
export async function runService(service: Service, { shutdownTimeoutMs, logger, onExit }: RunOptions): Promise<void> {
  const state = { isStopping: false, exitCode: 0 };

  const stopAndExit = async (): Promise<void> => {
    if (state.isStopping) return;
    state.isStopping = true;
    try {
      if (!(await settlesWithin(service.stop(), shutdownTimeoutMs))) {
        state.exitCode = 1;
        logger.error({ unstopped: service.unstopped?.() ?? [service.name], shutdownTimeoutMs }, 'Stop exceeded its deadline');
      }
    } catch (error) {
      state.exitCode = 1;
      logger.error({ err: error }, 'Stop failed');
    }
    await settlesWithin(Promise.resolve(onExit?.()), onExitTimeoutMs).catch((error: unknown) =>
      logger.error({ err: error }, 'The final flush failed'),
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
  // Unhandled rejections arrive here, too.
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
    // Stopped during the start, which is not a failure.
    if (state.isStopping) return;
    state.exitCode = 1;
    if (isAppError(error)) process.stderr.write(`${service.name} cannot start: ${describeFailure(error)}\n`);
    else logger.error({ err: error }, `${service.name} cannot start`);
    await stopAndExit();
  }
}
