import { maxJsonDepth } from '@orderly/contracts';
import type { ApiKey, KeyedRequest } from '@orderly/ledger';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { canonicalJson } from '../intake/canonical-json';
import { idempotencyKeyOf } from './idempotency-key';

/** What a repetition must have in common with the first request. */
export interface RequestIdentity {
  readonly request: FastifyRequest;
  readonly apiKey: Pick<ApiKey, 'id'>;
  /** As JSON brought it. */
  readonly body: unknown;
  /** Headers that have a say in what the request asks for. */
  readonly labels?: readonly (string | null)[];
}

/** How long answers are kept for repetitions. */
export type AnswerRetention = Pick<KeyedRequest, 'retentionHours'>;

/**
 * The request under its `Idempotency-Key`, which belongs to the API key, the method and the path; undefined without one.
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

/** One text for one path, however it was encoded. */
function pathOf({ routeOptions, params }: FastifyRequest): string {
  const values = params as Readonly<Record<string, string | undefined>>;
  return (routeOptions.url ?? '').replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

/** A part of a batch that is nested deeper than anything is stored is refused, whatever it holds down there. */
const deepest = maxJsonDepth + 5;

const fingerprintOf = (asked: unknown): Buffer => createHash('sha256').update(canonicalJson(asked, deepest)).digest();
