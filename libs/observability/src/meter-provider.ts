import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { observeProcess } from './process-figures';

export interface PrometheusMeterProvider {
  readonly provider: MeterProvider;
  /** The Prometheus text for `/metrics`. */
  readonly read: () => Promise<string>;
}

/** Collects metrics in this process. Prometheus reads them from the admin port. */
export function createMeterProvider(service: string): PrometheusMeterProvider {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ resource: resourceFromAttributes({ 'service.name': service }), readers: [reader] });
  const node = new RuntimeNodeInstrumentation();
  node.setMeterProvider(provider);
  observeProcess(provider.getMeter('orderly.process'));
  // Without the labels of the instrumentation scope: they would lengthen every line without information.
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  return {
    provider,
    read: async () => {
      const { resourceMetrics } = await reader.collect();
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`;
    },
  };
}
