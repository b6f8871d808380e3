import { context, trace } from '@opentelemetry/api';
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { logContextFields } from './log-context';
import { redact, redactText } from './redact';
import { currentTraceContext, traceIdOf } from './trace-context';

/** Writes facts: `logger.info({ rows }, 'Partition dropped')`. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly service: string;
  /** One of pino's levels. */
  readonly level: string;
  /** @defaultValue stdout, written synchronously so that a process that dies loses no line */
  readonly destination?: DestinationStream;
}

/**
 * A logger that writes one JSON line per fact, with the time, the service, the trace and the fields of `withLogContext`.
 * Personal data and secrets are hidden, by the names of fields and by the form of text.
 */
export function createLogger({ service, level, destination = pino.destination({ dest: 1, sync: true }) }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => ({ ...traceFields(), ...logContextFields() }),
      // An error is a plain object by the time that a serializer sees it.
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      hooks: { streamWrite: redactText },
    },
    destination,
  );
  return withRedactedChildren(logger);
}

/** Pino writes the fields of a child as they are: no formatter of the parent's sees them. Children inherit this method. */
function withRedactedChildren(logger: PinoLogger): PinoLogger {
  const pinoChild = Reflect.get(logger, 'child') as unknown as (
    this: PinoLogger,
    bindings: unknown,
    options?: object,
  ) => PinoLogger;
  return Object.assign(logger, {
    child(this: PinoLogger, bindings: object, options?: object) {
      return pinoChild.call(this, redact(bindings), options);
    },
  });
}

function traceFields(): Readonly<Record<string, string>> {
  const span = trace.getSpanContext(context.active());
  if (span !== undefined && trace.isSpanContextValid(span)) return { trace_id: span.traceId, span_id: span.spanId };
  const traceId = traceIdOf(currentTraceContext()?.traceparent);
  return traceId === undefined ? {} : { trace_id: traceId };
}
