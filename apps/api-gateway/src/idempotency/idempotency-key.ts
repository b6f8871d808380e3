import type { FastifyRequest } from 'fastify';
import { parseItem } from 'structured-headers';
import { z } from 'zod';
import { RequestRefused } from '../http/request-refused';

const maxLength = 255;

/** The header as it is sent: a string of structured fields (RFC 9651), in quotation marks, or the same without them. */
export const IdempotencyKeyHeader = z
  .string()
  .regex(/^("([ !#-[\]-~]|\\["\\]){1,255}"|[!#-+\x2d-~]{1,255})$/)
  .meta({
    description:
      'Makes it safe to send the request again: its work is done once, and every repetition gets the first answer. 1 to 255 printable ASCII characters, in quotation marks or, where it has neither blanks nor quotation marks nor commas, without them. Best a new UUID for each request',
    examples: ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
  });

/** The header of an answer that was kept. */
export const IdempotentReplayed = z.literal('true').meta({
  description: 'This is the answer that the first request with this `Idempotency-Key` got',
  header: { id: 'IdempotentReplayed' },
});

/**
 * The `Idempotency-Key` of a request; undefined if it has none.
 *
 * @throws RequestRefused `idempotency-key-invalid`
 */
export function idempotencyKeyOf({ raw }: FastifyRequest): string | undefined {
  // `headers` joins what is sent several times into one text.
  const sent = raw.headersDistinct['idempotency-key'];
  if (sent === undefined) return undefined;
  const [header = '', ...others] = sent;
  if (others.length > 0) throw invalid('was sent more than once');
  return parseIdempotencyKey(header);
}

/** Reads the header's text. @throws RequestRefused `idempotency-key-invalid` */
export function parseIdempotencyKey(header: string): string {
  const key = header.startsWith('"') ? unquoted(header) : header;
  if (key === undefined) throw invalid('is no string of structured fields (RFC 9651)');
  if (key.length < 1 || key.length > maxLength) throw invalid(`must have 1 to ${maxLength} characters`);
  // A comma is what a proxy puts between two headers that it joins.
  if (key === header && !/^[!#-+\x2d-~]+$/.test(key)) {
    throw invalid('must be printable ASCII, and in quotation marks if it has blanks, quotation marks or commas');
  }
  return key;
}

/** Parameters mean nothing here, and are passed over as RFC 9651 asks. */
function unquoted(header: string): string | undefined {
  try {
    // Its type names BufferSource, which a program without the DOM does not know.
    const value: unknown = parseItem(header).at(0);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

const invalid = (detail: string): RequestRefused =>
  new RequestRefused('idempotency-key-invalid', { detail: `The header Idempotency-Key ${detail}` });
