import { context, trace } from '@opentelemetry/api';
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { logContextFields } from './log-context';
import { redact, redactText } from './redact';
import { currentTraceContext, traceIdOf } from './trace-context';

/** A structured logger: `logger.info({ rows }, 'Partition dropped')`. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly service: string;
  /** A level of pino. */
  readonly level: string;
  /** @defaultValue stdout, written synchronously, so that a dying process loses no line */
  readonly destination?: DestinationStream;
}

/**
 * Creates a logger that writes one JSON line per fact, with time, service, trace and the fields of `withLogContext`. It hides
 * personal data and secrets, by field names and by text patterns.
 */
export function createLogger({ service, level, destination = pino.destination({ dest: 1, sync: true }) }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => ({ ...traceFields(), ...logContextFields() }),
      // A serializer would see an error only as a plain object.
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

/** Pino does not pass a child's fields through the parent's formatters, so they are redacted here. Children inherit this method. */
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
