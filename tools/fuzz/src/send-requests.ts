import { createAnswerFaults } from '@orderly/testing';
import fc from 'fast-check';
import type { Bound, Finding, Findings } from './findings';
import { requestsOf, type ApiDocument, type MadeRequest } from './request-values';

export type SendOptions = {
  url: string;
  key: string;
  seed: number;
  bound: Bound;
  interrupted: AbortSignal;
  onProgress?: (sent: number, elapsedMs: number) => void;
};

/** The number of requests to a call before the next call has its turn. They are sent at once. */
const perTurn = 10;

/** Generates valid and invalid requests from the API document, sends them, and checks every answer against the document. */
export async function sendRequests(options: SendOptions): Promise<Findings> {
  const { url, key, seed, bound, interrupted, onProgress } = options;
  const authorization = `Bearer ${key}`;
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as ApiDocument;
  const calls = requestsOf(document, await knownTexts(url, authorization));
  const faultsOf = createAnswerFaults(document);
  const found = new Map<string, Finding>();
  const startedAt = Date.now();
  let sent = 0;

  const turns = 'perCall' in bound ? Math.ceil(bound.perCall / perTurn) : Infinity;
  for (let turn = 0; turn < turns && !isOver(); turn++) {
    for (const { operation, requests: made } of calls) {
      if (isOver()) break;
      const few = fc.sample(made, { numRuns: perTurn, seed: seed + turn });
      await Promise.all(few.map((request) => tryOne(operation, request)));
      sent += few.length;
      onProgress?.(sent, Date.now() - startedAt);
    }
  }
  const operations = Math.min(calls.length, sent / perTurn);
  return { operations, untried: calls.length - operations, requests: sent, found: [...found.values()] };

  function isOver(): boolean {
    return interrupted.aborted || ('seconds' in bound && Date.now() - startedAt > bound.seconds * 1000);
  }

  async function tryOne(operation: string, request: MadeRequest): Promise<void> {
    for (const what of await faultsOfOne(request)) {
      const finding = found.get(`${operation} ${what}`) ?? { what, count: 0, operations: [operation] };
      if (finding.count === 0) finding.example = shown(request);
      finding.count += 1;
      found.set(`${operation} ${what}`, finding);
    }
  }

  async function faultsOfOne({ method, url: path, headers, body }: MadeRequest): Promise<string[]> {
    const target = new URL(path, url);
    let answer: Response;
    let text: string;
    try {
      const signal = AbortSignal.timeout(answerTimeoutMs);
      answer = await fetch(target, { method, headers: { authorization, ...headers }, body: body ?? null, signal });
      text = await answer.text();
    } catch (error) {
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return [`no answer: ${String(reason)}`];
    }
    const { status, headers: received } = answer;
    // An overloaded gateway answers 503 with `Retry-After`. Every other 5xx is a fault.
    if (status >= 500 && !(status === 503 && received.has('retry-after'))) return [`${status}: ${text.slice(0, 200)}`];
    try {
      const parsed: unknown = text === '' ? undefined : JSON.parse(text);
      return faultsOf({ method, path: target.pathname, status, headers: received, body: parsed }).map(
        (fault) => `${status}: ${fault}`,
      );
    } catch {
      return [`${status}: the body is not JSON`];
    }
  }
}

const answerTimeoutMs = 30_000;

const shown = ({ method, url, headers, body = '' }: MadeRequest): string =>
  `${method} ${url.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)} ${body.slice(0, 500)}`;

/** Reads ids, names and labels that exist. Without them nearly all requests would end with 404. */
async function knownTexts(url: string, authorization: string): Promise<string[]> {
  const paths = ['/v1/audit?limit=50', '/v1/dead-letters', '/v1/queues', '/v1/orders', '/v1/jobs', '/v1/events', '/v1/messages'];
  const answers = await Promise.all(paths.map(async (path) => (await fetch(url + path, { headers: { authorization } })).text()));
  const texts = new Set<string>(['shop', 'shopify', 'standard', 'erp', 'maintenance']);
  for (const answer of answers)
    JSON.parse(answer, (name, value: unknown) => {
      if (typeof value === 'string' && value.length <= 100 && telling.test(name)) texts.add(value);
      return value;
    });
  return [...texts];
}

const telling = /id$|^(name|queue|destination|source|subject|actor|batch|code|nextCursor|fingerprint)$/i;
