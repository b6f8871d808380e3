import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { BatchAnswer, BatchStatistics, ShownProblem } from './gateway-answers';
import { ReplayFailure } from './replay-failure';

export type GatewayOptions = {
  url: string;
  key: string;
  batch: string;
  /** How long the gateway may be unavailable before the replay fails. A longer `Retry-After` is still respected. */
  patienceMs: number;
  interrupted: AbortSignal;
  /** Called with the reason and duration of a wait. */
  onWait: (reason: string, waitMs: number) => void;
};

export type SentBatch =
  | {
      taken: true;
      answer: BatchAnswer;
      /** An earlier try without an answer may have been accepted. Its events are now reported as duplicates. */
      wasSentBefore: boolean;
    }
  | {
      /** The whole request was refused because of its content. */
      taken: false;
      problem: ShownProblem;
    };

/** Statuses caused by the content, so that a part of the batch may be accepted. */
const contentRefused = [400, 413, 422];
/** Longer than the gateway's own timeout for a request. */
const requestTimeoutMs = 60_000;
const firstDelayMs = 250;
const maxDelayMs = 5_000;

/** HTTP client of the gateway. It retries requests that may succeed later. */
export class Gateway {
  readonly #options: GatewayOptions;
  #hasAnswered = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** @throws ReplayFailure if the gateway cannot be reached or refuses the key. */
  async sendEvents(events: readonly string[]): Promise<SentBatch> {
    const { response, body, wasSentBefore } = await this.#request('/v1/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'orderly-batch': this.#options.batch },
      body: `[${events.join(',')}]`,
    });
    const answer = BatchAnswer.safeParse(body);
    if (answer.success && (response.status === 202 || response.status === 422)) {
      const indexes = new Set(answer.data.results.map(({ index }) => index));
      if (indexes.size !== events.length || [...indexes].some((index) => index >= events.length))
        throw this.#notOrderly(response);
      return { taken: true, answer: answer.data, wasSentBefore };
    }
    const problem = ShownProblem.safeParse(body);
    if (problem.success && contentRefused.includes(response.status)) return { taken: false, problem: problem.data };
    throw this.#notOrderly(response);
  }

  /** @throws ReplayFailure if the gateway cannot be reached or refuses the key. */
  async readStatistics(): Promise<BatchStatistics> {
    const { response, body } = await this.#request(`/v1/stats?batch=${encodeURIComponent(this.#options.batch)}`, {});
    const statistics = BatchStatistics.safeParse(body);
    if (response.ok && statistics.success) return statistics.data;
    throw this.#notOrderly(response);
  }

  async #request(
    path: string,
    init: Pick<RequestInit, 'method' | 'body'> & { headers?: Record<string, string> },
  ): Promise<{ response: Response; body: unknown; wasSentBefore: boolean }> {
    const { url, key, interrupted, onWait, patienceMs } = this.#options;
    let awaySince: number | undefined;
    let wasSentBefore = false;
    for (let tries = 0; ; tries += 1) {
      const result = await tryOnce(`${url}${path}`, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${key}` },
        // Following a redirect would send the key to another server.
        redirect: 'manual',
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      if ('response' in result) {
        this.#hasAnswered = true;
        refuseIfNotAllowed(result.response, result.body);
        if (!isTemporary(result.response)) return { ...result, wasSentBefore };
      }
      const reason = 'response' in result ? `status ${result.response.status}` : result.reason;
      // A gateway that has never answered has a wrong address or is not running; waiting would not help.
      if (!this.#hasAnswered) throw new ReplayFailure(`The gateway at ${url} cannot be reached: ${reason}. Is it running?`);
      awaySince ??= Date.now();
      if (Date.now() - awaySince > patienceMs) {
        throw new ReplayFailure(`The gateway at ${url} has been unavailable for ${Math.round(patienceMs / 1000)} s: ${reason}.`);
      }
      // Only a 429 guarantees that nothing was accepted.
      wasSentBefore ||= !('response' in result && result.response.status === 429);
      const asked = 'response' in result ? retryAfterMs(result.response) : undefined;
      const waitMs = asked ?? Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(tries, 10));
      onWait(reason, waitMs);
      await pause(waitMs, undefined, { signal: interrupted });
    }
  }

  #notOrderly({ status }: Response): ReplayFailure {
    return new ReplayFailure(`${this.#options.url} is not an Orderly gateway (status ${status}).`);
  }
}

async function tryOnce(url: string, init: RequestInit): Promise<{ response: Response; body: unknown } | { reason: string }> {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    return { response, body: parsed(text) };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const FetchError = z.object({
  name: z.string().optional(),
  message: z.string(),
  cause: z.object({ code: z.string().optional(), message: z.string() }).optional(),
});

function reasonOf(error: unknown): string {
  const { name, message, cause } = FetchError.safeParse(error).data ?? { message: String(error) };
  if (name === 'TimeoutError') return `no answer within ${requestTimeoutMs / 1000} s`;
  return cause?.code ?? cause?.message ?? message;
}

function refuseIfNotAllowed({ status }: Response, body: unknown): void {
  if (status !== 401 && status !== 403) return;
  const problem = ShownProblem.safeParse(body).data;
  const why = problem?.detail ?? problem?.title ?? `status ${status}`;
  throw new ReplayFailure(`The gateway refused the API key: ${why.replace(/\.$/, '')}. Set a key with --key or ORDERLY_API_KEY.`);
}

const isTemporary = ({ status }: Response): boolean => status === 429 || status >= 500;

// HTTP allows seconds or a date.
function retryAfterMs({ headers }: Response): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const seconds = Number(text);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}
