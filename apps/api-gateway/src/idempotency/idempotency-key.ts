import type { FastifyRequest } from 'fastify';
import { parseItem } from 'structured-headers';
import { z } from 'zod';
import { RequestRefused } from '../http/request-refused';

const maxLength = 255;

/** The header: a string as in RFC 9651, in quotation marks. Many clients leave the quotation marks out, so both are accepted. */
export const IdempotencyKeyHeader = z
  .string()
  .regex(/^("([ !#-[\]-~]|\\["\\]){1,255}"|[!#-+\x2d-~]{1,255})$/)
  .meta({
    description:
      'Makes retries safe: the work is done once, and every retry gets the first answer. 1 to 255 printable ASCII characters in quotation marks. The marks may be left out if the key has no blanks, quotation marks or commas. Use a new UUID for each request',
    examples: ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
  });

/** The header of a stored answer. */
export const IdempotentReplayed = z.literal('true').meta({
  description: 'This is the answer to the first request with this `Idempotency-Key`',
  header: { id: 'IdempotentReplayed' },
});

/**
 * Reads the `Idempotency-Key` of a request; undefined if it has none.
 *
 * @throws RequestRefused `idempotency-key-invalid`
 */
export function idempotencyKeyOf({ raw }: FastifyRequest): string | undefined {
  // `headers` would join repeated headers into one text.
  const sent = raw.headersDistinct['idempotency-key'];
  if (sent === undefined) return undefined;
  const [header = '', ...others] = sent;
  if (others.length > 0) throw invalid('was sent more than once');
  return parseIdempotencyKey(header);
}

/**
 * Parses the text of the header.
 *
 * @throws RequestRefused `idempotency-key-invalid`
 */
export function parseIdempotencyKey(header: string): string {
  const key = header.startsWith('"') ? unquoted(header) : header;
  if (key === undefined) throw invalid('is not a string as defined by RFC 9651');
  if (key.length < 1 || key.length > maxLength) throw invalid(`must have 1 to ${maxLength} characters`);
  // A proxy that joins two headers puts a comma between them, so a bare comma is refused.
  if (key === header && !/^[!#-+\x2d-~]+$/.test(key)) {
    throw invalid('must be printable ASCII, and in quotation marks if it has blanks, quotation marks or commas');
  }
  return key;
}

/** Parameters after the string have no meaning here, and are ignored as RFC 9651 requires. */
function unquoted(header: string): string | undefined {
  try {
    // Typed as unknown: the library's type refers to BufferSource, which exists only with the DOM types.
    const value: unknown = parseItem(header).at(0);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

const invalid = (detail: string): RequestRefused =>
  new RequestRefused('idempotency-key-invalid', { detail: `The header Idempotency-Key ${detail}` });
