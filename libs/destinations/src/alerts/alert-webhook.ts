import { PermanentError, RetryableError } from '@orderly/errors';
import { withoutParent } from '@orderly/observability';
import { AddressRefusedError, ConnectError, type Resolve } from '../address-guard';
import { createConnections } from '../connections';
import { ExchangeError, type HttpAnswer } from '../http-exchange';
import { createRedact } from '../redact';
import { readRetryAfter } from '../retry-after';
import type { WebhookSettings } from './alert-settings';

/** An incoming webhook that shows texts to operators. */
export interface AlertWebhook {
  /**
   * Posts a text once. Neither the errors nor the traces show the URL, which is a secret.
   *
   * @returns the status of the answer
   * @throws RetryableError `alert-webhook-failed` if the webhook did not take it, whatever it answered: what it refuses today, it
   * may take when somebody has corrected its settings. With `retryAfterMs` if the webhook asked for a wait.
   * @throws PermanentError `address-refused`
   * @throws the signal's reason, unchanged, if the signal aborts before there is an answer
   */
  post(text: string, signal: AbortSignal): Promise<number>;
  /** Waits for the requests in flight, each bounded by its timeout, and closes the connections. */
  close(): Promise<void>;
}

export function createAlertWebhook(
  { url: address, timeoutMs, allowPrivateNetwork }: WebhookSettings,
  { resolve }: { readonly resolve?: Resolve } = {},
): AlertWebhook {
  const url = new URL(address);
  // Alerts are rare, so no connection is kept.
  const connections = createConnections(
    { allowPrivateNetwork, timeoutMs, concurrency: 2, idempotency: { mode: 'none' } },
    resolve,
  );
  const redact = createRedact([address, url.pathname + url.search]);
  const headers = { 'content-type': 'application/json', 'user-agent': 'Orderly' };

  return {
    async post(text, signal) {
      const body = JSON.stringify({ text: escaped(text) });
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const request = { method: 'POST', url, headers, body };
      // Without a parent there is no span, which would show the URL.
      const answer = await withoutParent(() => connections.exchange(request, limit)).catch((error: unknown) => {
        signal.throwIfAborted();
        throw silence(error);
      });
      if (answer.status >= 200 && answer.status < 300) return answer.status;
      throw refusal(answer, redact.excerpt(answer.body));
    },
    close: () => connections.close(),
  };
}

/** Slack reads `<…>` as a link or a mention, and `&` as an escape. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const refusal = ({ status, headers }: HttpAnswer, responseExcerpt: string): RetryableError =>
  new RetryableError('alert-webhook-failed', `The alert webhook answered ${status}`, {
    details: { responseStatus: status, responseExcerpt },
    retryAfterMs: readRetryAfter(headers['retry-after'], Date.now()),
  });

/** No cause is kept: its message may hold the host or the address of the webhook. */
function silence(error: unknown): PermanentError | RetryableError {
  const cause = error instanceof ExchangeError ? error.cause : error;
  const origin = cause instanceof ConnectError ? cause.cause : cause;
  if (origin instanceof AddressRefusedError) {
    return new PermanentError('address-refused', 'The alert webhook has a private, loopback, link-local or metadata address');
  }
  const { name, code } = Object(origin) as { name?: string; code?: string };
  const why = name === 'TimeoutError' ? 'out of time' : (code ?? name ?? 'unknown fault');
  return new RetryableError('alert-webhook-failed', `The alert webhook did not answer (${why})`);
}
