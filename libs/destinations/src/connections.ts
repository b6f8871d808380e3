import { Agent, Pool } from 'undici';
import { createConnector, type Resolve } from './address-guard';
import type { Destination } from './destination';
import { exchange, ExchangeError, type HttpAnswer, type HttpRequest } from './http-exchange';
import { KeptClient, ReusedConnectionError } from './kept-client';

/** What connections depend on. */
export type ConnectionSettings = Pick<Destination, 'allowPrivateNetwork' | 'timeoutMs' | 'concurrency' | 'idempotency'>;

/** The connections to one destination. */
export interface Connections {
  /**
   * Sends one request and returns its answer.
   * @throws ExchangeError as `exchange` does.
   */
  exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Waits for the requests in flight, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Partners may offer to keep a connection for minutes. We keep it for less, so they rarely close it first and the connections of
 * a burst are soon released. If a partner offers less, undici closes the connection 2 s before that.
 */
const idleConnectionMs = 10_000;

/**
 * A partner may close an idle connection at the moment at which we reuse it. The request then meets a closed connection, and
 * we cannot know whether the partner read it. So connections are reused only where a repeat is harmless, that is with
 * `idempotency: {mode: key}`, and a request that breaks a reused connection is sent once more over a new one. The other modes
 * open a connection per request: a break then always means that the partner had taken this very request.
 */
export function createConnections(destination: ConnectionSettings, resolve?: Resolve): Connections {
  const { allowPrivateNetwork, timeoutMs, concurrency, idempotency } = destination;
  const connect = createConnector({ allowPrivateNetwork, timeoutMs, resolve });
  const common = { connect, connections: concurrency, pipelining: 1 };
  // A connection that was opened for a request that gave up must not wait for the next one.
  const fresh = new Agent({ ...common, keepAliveTimeout: 1 });
  const kept = new Agent({ ...common, keepAliveMaxTimeout: idleConnectionMs, factory: createKeptPool });

  async function exchangeKept(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await exchange(kept, request, signal);
    } catch (error) {
      if (!(error instanceof ExchangeError && error.cause instanceof ReusedConnectionError)) throw error;
    }
    try {
      return await exchangeFresh(request, signal);
    } catch (error) {
      // The first request had been written, so the outcome is ambiguous however the second one failed.
      throw new ExchangeError(true, error instanceof ExchangeError ? error.cause : error);
    }
  }

  const exchangeFresh = (request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> =>
    exchange(fresh, { ...request, closesConnection: true }, signal);

  return {
    exchange: idempotency.mode === 'key' ? exchangeKept : exchangeFresh,
    close: async () => {
      await Promise.all([kept.close(), fresh.close()]);
    },
  };
}

const createKeptPool = (origin: string | URL, options: object): Pool =>
  new Pool(origin, { ...options, factory: (target, settings) => new KeptClient(target, settings) });
