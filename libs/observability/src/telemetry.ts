import { metrics as otel } from '@opentelemetry/api';
import { createMeterProvider } from './meter-provider';
import type * as tracingModule from './tracing';

/** The telemetry of this process. */
export interface Telemetry {
  readonly isTracing: boolean;
  /** Prometheus text, for the admin server. */
  readonly metricsText: () => Promise<string>;
  /** Sends what is left. Takes 3 s at most, and never fails: nobody can do anything about it at that point. */
  readonly shutdown: () => Promise<void>;
}

export interface TelemetryOptions {
  readonly service: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Code that is preloaded and code of the program are bundles of their own, each with its own copy of this module. */
const slot = Symbol.for('orderly.telemetry');
const registry = globalThis as { [slot]?: Telemetry };

const shutdownTimeoutMs = 3000;

/**
 * Starts metrics, and tracing if `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set. Called by a
 * module that is preloaded (`--require`): what was loaded before it cannot be traced any more.
 */
export function startTelemetry({ service, env }: TelemetryOptions): Telemetry {
  if (registry[slot]) return registry[slot];
  const tracing = wantsTracing(env) ? loadTracing().createTracing(env['OTEL_SERVICE_NAME'] || service) : undefined;
  tracing?.start();
  // After the tracer, so that its instrumentations find no meter: their metrics would come and go with tracing.
  const { provider, read } = createMeterProvider(service);
  otel.setGlobalMeterProvider(provider);

  const telemetry: Telemetry = {
    isTracing: tracing !== undefined,
    metricsText: read,
    shutdown: () => settleWithin(shutdownTimeoutMs, [tracing?.shutdown() ?? Promise.resolve(), provider.shutdown()]),
  };
  registry[slot] = telemetry;
  return telemetry;
}

/** What `startTelemetry` made, from whichever bundle; something that does nothing if it was never called. */
export const getTelemetry = (): Telemetry => registry[slot] ?? silent;

const silent: Telemetry = {
  isTracing: false,
  metricsText: async () => '# telemetry was not started\n',
  shutdown: async () => undefined,
};

/** The SDK with its exporters takes about 20 MB and 100 ms, which a process that is not traced should not pay. */
const loadTracing = (): typeof tracingModule =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import is not lazy, and a dynamic one comes too late for hooks
  require('./tracing') as typeof tracingModule;

const wantsTracing = (env: TelemetryOptions['env']): boolean =>
  Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) &&
  env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true';

async function settleWithin(timeoutMs: number, work: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([Promise.allSettled(work), timeout]);
  clearTimeout(timer);
}
