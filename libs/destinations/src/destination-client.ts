import { RetryableError } from '@orderly/errors';
import type { Resolve } from './address-guard';
import { buildBody, type OrderVersion } from './build-body';
import { classifyAnswer, classifySilence } from './classify-failure';
import { createConnections } from './connections';
import type { Destination } from './destination';
import type { HttpAnswer, HttpRequest } from './http-exchange';
import { readConfirmationId, readVersion } from './partner-answer';
import { createRedact } from './redact';
import { createRequestHeaders } from './request-headers';
import { withTraceContext, type TraceHeaders } from './trace-context';
import { fillUrl } from './url-template';

export type SendRequest = {
  readonly order: OrderVersion;
  /** The idempotency key: see `deliveryKey`. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** The trace that this request belongs to. */
  readonly headers?: TraceHeaders;
};

/** The destination took it. */
export type SendResult = {
  readonly responseStatus: number;
  /** At most 2 kB, without secrets, e-mail addresses and long runs of digits. */
  readonly responseExcerpt: string;
  /** The partner's own id for what it took, if it gave one. */
  readonly confirmationId?: string;
};

/** The client for one destination. */
export interface DestinationClient {
  /**
   * Sends one order version once: no retries, no redirects.
   *
   * Every failure is an AppError whose `details` hold `responseStatus?`, `responseExcerpt?` and `ambiguous: true` where the
   * destination may have taken it:
   * - PermanentError `destination-refused` (400, 404, 405, 422, other 3xx and 4xx), `address-refused`;
   * - ConfigurationError `destination-unauthorized` (401, 403), `destination-gone` (410);
   * - ThrottledError `destination-throttled` (429, 503 with `Retry-After`);
   * - RetryableError `destination-conflict` (409; `details.partnerVersion` where a lookup tells it), `destination-unavailable`
   *   (408, 425, refused, DNS, TLS: nothing was taken), `destination-failed` (other 5xx; ambiguous), `destination-timeout` (out of
   *   time, or the connection broke, after the request was sent; ambiguous).
   *
   * @throws the signal's reason, unchanged, if the signal aborts before there is an answer.
   */
  send(request: SendRequest): Promise<SendResult>;
  /**
   * Asks the destination which version of an order it has.
   * @returns undefined if it has none, or if the destination is not declared with `idempotency: {mode: lookup}`.
   * @throws as `send` does, never ambiguous; RetryableError `destination-failed` if the answer has no version where it should.
   */
  lookupVersion(orderId: string, signal: AbortSignal): Promise<number | undefined>;
  /** Waits for the requests in flight, each bounded by its timeout, and closes the connections. */
  close(): Promise<void>;
}

/** For tests: the clock and the name resolution. */
export type DestinationClientDeps = { readonly now?: () => number; readonly resolve?: Resolve };

export function createDestinationClient(destination: Destination, deps: DestinationClientDeps = {}): DestinationClient {
  const { name, timeoutMs, idempotency } = destination;
  const { now = Date.now, resolve } = deps;
  const connections = createConnections(destination, resolve);
  const redact = createRedact(destination.secrets);
  const headers = createRequestHeaders(destination);

  async function ask(request: HttpRequest, signal: AbortSignal, deadline: AbortSignal, hasEffect: boolean): Promise<HttpAnswer> {
    try {
      return await connections.exchange(request, AbortSignal.any([signal, deadline]));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw classifySilence(error, { name, hasEffect });
    }
  }

  const failureOf = (answer: HttpAnswer, hasEffect: boolean): Error =>
    classifyAnswer(answer, { name, hasEffect, responseExcerpt: redact.excerpt(answer.body), nowMs: now() });

  async function lookUp(orderId: string, signal: AbortSignal, deadline: AbortSignal): Promise<number | undefined> {
    if (idempotency.mode !== 'lookup') return undefined;
    const request = { method: 'GET', url: fillUrl(idempotency.url, orderId), headers: headers.forLookup() };
    const answer = await ask(request, signal, deadline, false);
    if (answer.status === 404) return undefined;
    if (!isSuccess(answer)) throw failureOf(answer, false);
    const version = readVersion(answer, idempotency.versionPointer);
    if (version !== 'unreadable') return version;
    const details = { responseStatus: answer.status, responseExcerpt: redact.excerpt(answer.body) };
    const place = idempotency.versionPointer || 'the root';
    throw new RetryableError('destination-failed', `${name} answered a lookup without a version at ${place}`, { details });
  }

  async function send({ order, key, signal, headers: trace }: SendRequest): Promise<SendResult> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const body = buildBody(destination, order);
    const own = headers.forDelivery({ key, body, at: new Date(now()) });
    const url = fillUrl(destination.request.url, order.orderId);
    const answer = await withTraceContext(trace, (traceHeaders) =>
      ask({ method: destination.request.method, url, headers: { ...own, ...traceHeaders }, body }, signal, deadline, true),
    );
    if (isSuccess(answer)) {
      const confirmationId = readConfirmationId(answer);
      return {
        responseStatus: answer.status,
        responseExcerpt: redact.excerpt(answer.body),
        ...(confirmationId !== undefined ? { confirmationId: redact.secrets(confirmationId) } : {}),
      };
    }
    const failure = failureOf(answer, true);
    throw answer.status === 409 ? await withPartnerVersion(failure, order.orderId, signal, deadline) : failure;
  }

  async function withPartnerVersion(
    conflict: Error,
    orderId: string,
    signal: AbortSignal,
    deadline: AbortSignal,
  ): Promise<Error> {
    // The conflict is the result to report: if the lookup fails too, the job is retried without the partner's version.
    const partnerVersion = await lookUp(orderId, signal, deadline).catch(() => undefined);
    if (partnerVersion === undefined || !(conflict instanceof RetryableError)) return conflict;
    const { code, message, retryAfterMs, details } = conflict;
    return new RetryableError(code, message, { retryAfterMs, details: { ...details, partnerVersion } });
  }

  return {
    send,
    lookupVersion: (orderId, signal) => lookUp(orderId, signal, AbortSignal.timeout(timeoutMs)),
    close: () => connections.close(),
  };
}

const isSuccess = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;
