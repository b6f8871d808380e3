import { maxJsonDepth } from '@orderly/contracts';
import type { ApiKey, KeyedRequest } from '@orderly/ledger';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { canonicalJson } from '../intake/canonical-json';
import { idempotencyKeyOf } from './idempotency-key';

/** The parts of a request that a retry must repeat. */
export interface RequestIdentity {
  readonly request: FastifyRequest;
  readonly apiKey: Pick<ApiKey, 'id'>;
  /** The parsed JSON. */
  readonly body: unknown;
  /** The values of headers that change the meaning of the request. */
  readonly labels?: readonly (string | null)[];
}

/** How long answers are stored for retries. */
export type AnswerRetention = Pick<KeyedRequest, 'retentionHours'>;

/**
 * Identifies a request by its `Idempotency-Key`; undefined without that header. A key is valid per API key, method and path.
 *
 * @throws RequestRefused `idempotency-key-invalid`
 */
export function keyedRequestOf(
  { request, apiKey, body, labels = [] }: RequestIdentity,
  { retentionHours }: AnswerRetention,
): KeyedRequest | undefined {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return undefined;
  const scope = `${apiKey.id} ${request.method} ${pathOf(request)}`;
  return { scope, key, fingerprint: fingerprintOf([body, ...labels]), retentionHours };
}

/** Differently encoded forms of one path give the same text. */
function pathOf({ routeOptions, params }: FastifyRequest): string {
  const values = params as Readonly<Record<string, string | undefined>>;
  return (routeOptions.url ?? '').replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

/** Deeper values need no fingerprint: every event that has them is refused. The limit protects the stack. */
const deepest = maxJsonDepth + 5;

const fingerprintOf = (asked: unknown): Buffer => createHash('sha256').update(canonicalJson(asked, deepest)).digest();
