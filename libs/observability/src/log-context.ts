import { AsyncLocalStorage } from 'node:async_hooks';

/** The ids of the current work. Only ids: the fields are on every log line. */
export interface LogContext {
  readonly orderId?: string;
  readonly jobId?: string;
  readonly queue?: string;
  readonly attempt?: number;
  readonly destination?: string;
}

const contexts = new AsyncLocalStorage<LogContext>();

/** Adds these fields to every log line that is written during `fn`, together with the fields of outer calls. */
export function withLogContext<T>(fields: LogContext, fn: () => T): T {
  return contexts.run({ ...contexts.getStore(), ...fields }, fn);
}

/** The fields in snake case, like those of the trace. */
export function logContextFields(): Readonly<Record<string, string | number>> {
  const fields: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(contexts.getStore() ?? {}))
    if (value !== undefined) fields[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = value as string | number;
  return fields;
}
