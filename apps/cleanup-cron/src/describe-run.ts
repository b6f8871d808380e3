import type { RunSummary } from './carry-out-run';

/** Describes a run for a person at a terminal: `rotate-logs: 4 rows, 8192 bytes, 12 ms; created none; eventKeys 4`. */
export function describeRun(task: string, { rows, bytes, durationMs, isComplete, facts }: RunSummary): string {
  const figures = `${task}: ${rows} rows, ${bytes} bytes, ${durationMs} ms`;
  const parts = Object.entries(facts).map(([name, value]) => `${name} ${describeValue(value)}`);
  return [figures, ...parts, ...(isComplete ? [] : ['stopped early, the next run continues'])].join('; ');
}

const describeValue = (value: unknown): string =>
  Array.isArray(value) ? (value.length === 0 ? 'none' : value.join(', ')) : String(value);
