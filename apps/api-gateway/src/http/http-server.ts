import { createSparseLog, currentTraceContext, type Logger, metrics, setHttpRoute, traceIdOf } from '@orderly/observability';
import { createDatabaseFaultLog } from '@orderly/database';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { randomBytes } from 'node:crypto';
import { answerConnectionError } from './connection-error';
import { readJsonBodies } from './json-body';
import { maxBodyBytes, problemContentType, problemOf, refusalOf, unknownPath } from './problem';
import { createRefusalLog, noteRefusal } from './refusal-log';
import { refuseOtherMethods } from './refuse-other-methods';
import { Overloaded, type RequestRefused } from './request-refused';

/** Options of {@link createHttpServer}. */
export interface HttpServerOptions {
  readonly logger: Logger;
  /** Adds the hooks that refuse requests under overload. */
  readonly shedLoad: (app: FastifyInstance) => void;
  /** Adds the routes of the API. */
  readonly addRoutes: (app: FastifyInstance) => void;
  /**
   * The time that a client has to send one request, headers and body. It bounds how long slow senders hold connections.
   * @defaultValue 30 s
   */
  readonly requestTimeoutMs?: number | undefined;
}

/** Ample for the largest body on a slow line, and short enough to free the connections of stalled clients. */
const usualRequestTimeoutMs = 30_000;
/** Checks per timeout. Node looks for slow requests at intervals, so a request may exceed its time by a sixth. */
const looksPerTimeout = 6;
/** An event id has up to 200 characters, and percent-encoding makes it several times as long. */
const maxParamLength = 2000;

/**
 * Creates the API server: bodies, errors, metrics and routes. Fastify runs hooks in the order of their registration, so
 * refusals go from cheap to expensive: unknown paths, overload, then keys.
 */
export function createHttpServer({
  logger,
  shedLoad,
  addRoutes,
  requestTimeoutMs = usualRequestTimeoutMs,
}: HttpServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    genReqId: () => randomBytes(16).toString('hex'), // has the form of a trace id, and replaces it if tracing is off
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength },
    http: {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: requestTimeoutMs / looksPerTimeout,
    },
    // Requests that arrive during the shutdown are still served.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerConnectionError,
    frameworkErrors: (error, request, reply) => sendProblem(error, request as FastifyRequest, reply as unknown as FastifyReply),
  });
  const logFailure = createFailureLog(logger);
  const logRefusal = createRefusalLog(logger);

  readJsonBodies(app);
  app.setErrorHandler((error, request, reply) => {
    const refusal = sendProblem(error, request, reply);
    if (refusal.code === 'database-unavailable') logFailure.databaseAway(error);
    else if (refusal.code === 'internal-error') logFailure.fault(error, request);
    else if (refusal instanceof Overloaded) logFailure.overloaded(refusal.reason);
  });
  app.setNotFoundHandler((request, reply) => void sendProblem(unknownPath(), request, reply));

  // A server may ignore expectations other than 100-continue (RFC 9110, 10.1.1). Node would answer 417.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));

  app.addHook('onRequest', async (request) => {
    // Here and not in the not-found handler, because the body would be read and its type checked first.
    if (request.is404) throw unknownPath();
    setHttpRoute(routeOf(request));
  });
  app.addHook('onResponse', async (request, reply) => {
    logRefusal(request, reply.statusCode);
    metrics.httpServerDuration.record(reply.elapsedTime / 1000, {
      route: routeOf(request),
      method: request.method,
      status: reply.statusCode,
    });
  });

  shedLoad(app);
  const finishRoutes = refuseOtherMethods(app);
  addRoutes(app);
  // Registered last: routes of nested plugins are known only after these have loaded.
  void app.register(async () => finishRoutes());
  return app;
}

/** The trace id that responses and log lines share. Without tracing it is the request's own id. */
export const traceIdOfRequest = (request: FastifyRequest): string => traceIdOf(currentTraceContext()?.traceparent) ?? request.id;

/** Also notes the refusal, so that its log line has the trace id that the caller sees. */
function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): RequestRefused {
  const refusal = refusalOf(error);
  const traceId = traceIdOfRequest(request);
  const problem = problemOf(refusal, traceId);
  noteRefusal(request, { code: refusal.code, traceId });
  void reply.code(problem.status).headers(refusal.headers).type(problemContentType).send(JSON.stringify(problem));
  return refusal;
}

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';

/** Logs the gateway's own failures. An outage or overload hits many requests, so those lines are sparse. */
function createFailureLog(logger: Logger) {
  const explain = createDatabaseFaultLog(logger, { consequence: 'Requests are answered with 503' });
  const logSlow = createSparseLog<void>(
    (_none, requests) => logger.warn({ requests }, 'PostgreSQL did not answer in time. Requests are answered with 503'),
    { intervalMs: 60_000 },
  );
  const logOverload = createSparseLog<string>((reason, requests) =>
    logger.warn({ reason, requests }, 'The gateway is overloaded. Requests are answered with 503'),
  );
  return {
    overloaded: (reason: string) => {
      metrics.httpRequestsShed.add({ reason });
      logOverload(reason);
    },
    databaseAway: (error: unknown) => {
      if (!explain(error)) logSlow();
    },
    fault: (error: unknown, request: FastifyRequest) =>
      logger.error({ err: error, trace_id: traceIdOfRequest(request), route: routeOf(request) }, 'A request failed'),
  };
}
