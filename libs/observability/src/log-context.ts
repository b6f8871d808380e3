import { AsyncLocalStorage } from 'node:async_hooks';

/** What the work at hand is about. Ids only. */
export interface LogContext {
  readonly orderId?: string;
  readonly jobId?: string;
  readonly queue?: string;
  readonly attempt?: number;
  readonly destination?: string;
  readonly requestId?: string;
}

const contexts = new AsyncLocalStorage<LogContext>();

/** Every log line written from within `fn`, however deep, carries these fields beside those of the outer calls. */
export function withLogContext<T>(fields: LogContext, fn: () => T): T {
  return contexts.run({ ...contexts.getStore(), ...fields }, fn);
}

/** The fields as they are written, in snake case like those of the trace. */
export function logContextFields(): Readonly<Record<string, string | number>> {
  const fields: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(contexts.getStore() ?? {}))
    if (value !== undefined) fields[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = value as string | number;
  return fields;
}
