import { metrics as otel } from '@opentelemetry/api';
import { createMeterProvider } from './meter-provider';
import type * as tracingModule from './tracing';

/** The telemetry of this process. */
export interface Telemetry {
  readonly isTracing: boolean;
  /** The Prometheus text for the admin server. */
  readonly metricsText: () => Promise<string>;
  /** Sends the remaining data. Takes at most 3 s and never fails, because the process ends anyway. */
  readonly shutdown: () => Promise<void>;
}

export interface TelemetryOptions {
  readonly service: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A global key: the preloaded code and the program are separate bundles, each with its own copy of this module. */
const slot = Symbol.for('orderly.telemetry');
const registry = globalThis as { [slot]?: Telemetry };

const shutdownTimeoutMs = 3000;

/**
 * Starts metrics, and tracing if `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set. Call it from a
 * preloaded module (`--require`): modules that were loaded earlier cannot be traced.
 */
export function startTelemetry({ service, env }: TelemetryOptions): Telemetry {
  if (registry[slot]) return registry[slot];
  const tracing = wantsTracing(env) ? loadTracing().createTracing(env['OTEL_SERVICE_NAME'] || service) : undefined;
  tracing?.start();
  // After the tracer, so that its instrumentations find no meter. Otherwise their metrics would depend on tracing.
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

/** The telemetry started by `startTelemetry` in any bundle; a no-op if it was never called. */
export const getTelemetry = (): Telemetry => registry[slot] ?? silent;

const silent: Telemetry = {
  isTracing: false,
  metricsText: async () => '# telemetry was not started\n',
  shutdown: async () => undefined,
};

/** Loads the SDK only if it is needed: with its exporters it costs about 20 MB and 100 ms. */
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
