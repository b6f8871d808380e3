import type { Meter } from '@opentelemetry/api';

/** Memory and CPU time of this process. The figures of Node come from its instrumentation. */
export function observeProcess(meter: Meter): void {
  const memory = meter.createObservableGauge('process.memory.usage', { unit: 'By', description: 'Resident memory' });
  const cpu = meter.createObservableCounter('process.cpu.time', { unit: 's', description: 'Processor time by mode' });
  const uptime = meter.createObservableGauge('process.uptime', { unit: 's', description: 'Time since the process started' });
  memory.addCallback((result) => result.observe(process.memoryUsage.rss()));
  uptime.addCallback((result) => result.observe(process.uptime()));
  cpu.addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe(user / 1e6, { mode: 'user' });
    result.observe(system / 1e6, { mode: 'system' });
  });
}
