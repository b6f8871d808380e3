import type { Dispatcher } from 'undici';

/** How many bytes of an answer are read. The rest stays unread, so a huge answer cannot fill the memory. */
const answerLimitBytes = 65_536;

export type HttpRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the connection serves no other request after this one. */
  readonly closesConnection?: boolean;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** False if the body was longer than what is read, or broke off. */
  readonly isWhole: boolean;
};

/** There was no answer. `wasSent` says whether anything had been written: if so, the request may have taken effect. */
export class ExchangeError extends Error {
  constructor(
    readonly wasSent: boolean,
    cause: unknown,
  ) {
    super('There was no answer', { cause });
  }
}

/**
 * One request and its answer. A known status is the answer, even if the body breaks off or `signal` aborts afterwards:
 * dropping it would turn a definite outcome into an unknown one.
 * @throws ExchangeError with what went wrong, or the signal's reason, as its cause.
 */
export function exchange(dispatcher: Dispatcher, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let head: Pick<HttpAnswer, 'status' | 'headers'> | undefined;
    let controller: Dispatcher.DispatchController | undefined;
    let isSettled = false;

    const settle = (isWhole: boolean, cause?: unknown): void => {
      if (isSettled) return;
      isSettled = true;
      signal.removeEventListener('abort', abort);
      if (head) resolve({ ...head, body: Buffer.concat(chunks, Math.min(length, answerLimitBytes)), isWhole });
      else reject(new ExchangeError(controller !== undefined, cause));
    };
    const abort = (): void => {
      settle(false, signal.reason);
      controller?.abort(new Error('The exchange has ended'));
    };

    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    dispatcher.dispatch(
      {
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: request.method,
        headers: request.headers,
        body: request.body,
        reset: request.closesConnection,
        // The signal bounds the whole; undici's own limits are per phase, and coarse.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      {
        // Called when the connection is open and the request is about to be written.
        onRequestStart(started) {
          if (isSettled) return started.abort(new Error('The exchange has ended'));
          controller = started;
        },
        onResponseStart(_, status, headers) {
          if (status >= 200) head = { status, headers };
        },
        onResponseData(started, chunk) {
          chunks.push(chunk);
          length += chunk.length;
          if (length <= answerLimitBytes) return;
          settle(false);
          started.abort(new Error('The answer is too long'));
        },
        onResponseEnd: () => settle(true),
        onResponseError: (_, error) => settle(false, error),
      },
    );
  });
}
