import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { observeProcess } from './process-figures';

export interface PrometheusMeterProvider {
  readonly provider: MeterProvider;
  /** The text of `/metrics`. */
  readonly read: () => Promise<string>;
}

/** Collects metrics in this process, to be read when Prometheus asks the admin port. */
export function createMeterProvider(service: string): PrometheusMeterProvider {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ resource: resourceFromAttributes({ 'service.name': service }), readers: [reader] });
  const node = new RuntimeNodeInstrumentation();
  node.setMeterProvider(provider);
  observeProcess(provider.getMeter('orderly.process'));
  // Labels of the instrumentation's scope would only lengthen every line.
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  return {
    provider,
    read: async () => {
      const { resourceMetrics } = await reader.collect();
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`;
    },
  };
}
