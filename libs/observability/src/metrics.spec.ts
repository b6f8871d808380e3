import { metrics } from './metrics';
import type { MetricDefinition } from './instruments';
import { getTelemetry, startTelemetry } from './telemetry';

const series = async (): Promise<string[]> =>
  (await getTelemetry().metricsText()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** One made-up value for each label of a metric. */
const labelsOf = <Label extends string>({ labels }: MetricDefinition<Label>) =>
  Object.fromEntries(labels.map((label) => [label, 'some'])) as Record<Label, string>;

const emit = (metric: (typeof metrics)[keyof typeof metrics]): void => {
  if ('add' in metric) metric.add(labelsOf<string>(metric) as never);
  else if ('record' in metric) metric.record(0.2, labelsOf<string>(metric) as never);
  else if ('set' in metric) metric.set(1, labelsOf<string>(metric) as never);
  else metric.observe(() => [{ value: 3, labels: labelsOf<string>(metric) as never }]);
};

describe('metrics', () => {
  it('are silent and harmless until telemetry is started', async () => {
    metrics.relayAdded.add({ queue: 'early' });
    expect(await getTelemetry().metricsText()).toBe('# telemetry was not started\n');
  });

  describe('once telemetry is started', () => {
    beforeAll(() => startTelemetry({ service: 'status-worker', env: {} }));
    afterAll(() => getTelemetry().shutdown());

    it('are emitted with exactly the names and labels of the registry', async () => {
      for (const metric of Object.values(metrics)) emit(metric);
      const text = (await series()).filter((line) => line.startsWith('orderly_'));
      const emitted = new Map(
        text.map((line) => {
          const [, name = '', labels = ''] = /^(\w+){(.*)}/.exec(line) ?? [];
          const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
          return [name.replace(/_(bucket|sum|count)$/, ''), names];
        }),
      );
      const declared = Object.values(metrics).map((metric) => [
        metric.name.replaceAll('.', '_') + ('add' in metric ? '_total' : ''),
        [...metric.labels],
      ]);
      expect(Object.fromEntries(emitted)).toEqual(Object.fromEntries(declared));
    });

    it('drop an undeclared label, which might have one value per order', async () => {
      metrics.relayAdded.add({ queue: 'order-status', orderId: 'o-1' } as never, 7);
      expect(await series()).toContain('orderly_relay_added_total{queue="order-status"} 7');
    });

    it('include the metrics of the process', async () => {
      const names = (await series()).map((line) => line.split(/[{ ]/)[0]);
      for (const name of ['process_memory_usage', 'process_cpu_time_total', 'process_uptime', 'v8js_memory_heap_used'])
        expect(names).toContain(name);
    });

    it('leave out an observation that fails, and keep the others', async () => {
      const stop = metrics.queueOldestWait.observe(() => Promise.reject(new Error('Redis is away')));
      expect((await series()).length).toBeGreaterThan(10);
      stop();
    });

    it('are started once, however often they are requested', () => {
      expect(startTelemetry({ service: 'other', env: {} })).toBe(getTelemetry());
    });
  });

  it('have dotted names, a meaning and a unit', () => {
    for (const { name, meaning, unit } of Object.values(metrics)) {
      expect(name).toMatch(/^orderly(\.[a-z_]+)+$/);
      expect(meaning).not.toBe('');
      expect(unit).toMatch(/^(s|By|1|{[a-z]+})$/);
    }
  });
});
