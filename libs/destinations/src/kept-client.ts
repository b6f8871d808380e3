import { Client, type Dispatcher } from 'undici';

/** The connection broke before an answer, and had served an earlier request: the partner may have closed it while it was idle. */
export class ReusedConnectionError extends Error {
  constructor(cause: unknown) {
    super('A reused connection broke before the answer', { cause });
  }
}

/** undici's client, one connection at a time, whose failures say whether the connection had served a request before. */
export class KeptClient extends Client {
  /** Whether the present connection has answered a request. */
  #isReused = false;

  constructor(origin: string | URL, options: Client.Options) {
    super(origin, options);
    this.on('connect', () => (this.#isReused = false));
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let isAnswered = false;
    return super.dispatch(options, {
      ...handler,
      onResponseStart: (...args) => {
        isAnswered = true;
        handler.onResponseStart?.(...args);
      },
      onResponseEnd: (...args) => {
        this.#isReused = true;
        handler.onResponseEnd?.(...args);
      },
      onResponseError: (controller, error) => {
        const isBreak = this.#isReused && !isAnswered && brokenConnection.has((error as NodeJS.ErrnoException).code ?? '');
        handler.onResponseError?.(controller, isBreak ? new ReusedConnectionError(error) : error);
      },
    });
  }
}

const brokenConnection = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'ECONNABORTED', 'EPIPE']);
