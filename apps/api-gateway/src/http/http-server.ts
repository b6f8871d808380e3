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

export interface HttpServerOptions {
  readonly logger: Logger;
  /** Adds what refuses requests because of too much load. */
  readonly shedLoad: (app: FastifyInstance) => void;
  readonly addRoutes: (app: FastifyInstance) => void;
  /**
   * A sender that takes longer than this for one request, headers and body, holds a connection for nothing.
   * @defaultValue 30 s
   */
  readonly requestTimeoutMs?: number | undefined;
}

const usualRequestTimeoutMs = 30_000;
/** Node looks for requests that take too long at intervals: one ends this share of its time late at most. */
const looksPerTimeout = 6;
/** Percent-encoded, an event's id may be as long as this. */
const maxParamLength = 2000;

/** The API without its routes: bodies, errors, metrics and the order in which things are refused. */
export function createHttpServer({
  logger,
  shedLoad,
  addRoutes,
  requestTimeoutMs = usualRequestTimeoutMs,
}: HttpServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    genReqId: () => randomBytes(16).toString('hex'), // in the form of a trace's id, which it stands in for
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength },
    http: {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: requestTimeoutMs / looksPerTimeout,
    },
    // What was on its way when the process was told to stop is served like everything else.
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

  // What a client expects beyond 100-continue may be passed over (RFC 9110, 10.1.1).
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));

  app.addHook('onRequest', async (request) => {
    // Before its body is read and found to be of a wrong type.
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
  // Last: routes in scopes of their own are known only when these are loaded.
  void app.register(async () => finishRoutes());
  return app;
}

/** Errors over HTTP carry the trace that the log lines carry too; without tracing the request's own id. */
export const traceIdOfRequest = (request: FastifyRequest): string => traceIdOf(currentTraceContext()?.traceparent) ?? request.id;

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): RequestRefused {
  const refusal = refusalOf(error);
  const traceId = traceIdOfRequest(request);
  const problem = problemOf(refusal, traceId);
  noteRefusal(request, { code: refusal.code, traceId });
  void reply.code(problem.status).headers(refusal.headers).type(problemContentType).send(JSON.stringify(problem));
  return refusal;
}

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';

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
