import { faultText, OrderEvent } from '@orderly/contracts';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from './canonical-json';
import { jsonPointer } from '../http/json-pointer';
import { faultsOfIssue, refuseIfAny, refuseUnstorable } from '../http/parse-body';
import { RequestRefused } from '../http/request-refused';

/** Bytes of one event. A thousand lines of an order are a third of it. */
export const maxEventBytes = 256 * 1024;

/** Names a batch: printable, so that it fits into a header and a URL. */
export const BatchLabel = z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 printable characters without blanks');

/** An event that may be stored. */
export interface CheckedEvent {
  readonly event: OrderEvent;
  readonly bodyHash: Buffer;
}

/**
 * Checks one event as it was sent.
 *
 * @param path - where it is in the request's body
 * @throws RequestRefused `validation-failed` or `payload-too-large`
 */
export function checkEvent(body: unknown, path: readonly PropertyKey[] = []): CheckedEvent {
  refuseUnstorable(body, path);
  const canonical = canonicalJson(body);
  if (Buffer.byteLength(canonical) > maxEventBytes) {
    const detail = `An event has at most ${maxEventBytes} bytes`;
    throw new RequestRefused('payload-too-large', { detail, faults: [{ pointer: jsonPointer(path), detail }] });
  }
  const parsed = OrderEvent.safeParse(body, { error: faultText });
  if (!parsed.success) refuseIfAny(parsed.error.issues.flatMap((issue) => faultsOfIssue(issue, path)));
  const event = parsed.data as OrderEvent;
  const timeFault = faultOfTime(event.occurredAt, Date.now());
  if (timeFault !== undefined) refuseIfAny([{ pointer: jsonPointer([...path, 'occurredAt']), detail: timeFault }]);
  return { event, bodyHash: createHash('sha256').update(canonical).digest() };
}

/** Further than any clock is wrong or order is planned: the year was mistyped. */
const maxAheadMs = 366 * 24 * 60 * 60 * 1000;

function faultOfTime(isoTime: string, nowMs: number): string | undefined {
  // In UTC: an offset can move a time out of the years that PostgreSQL reads in this form.
  if (!/^(?!0000)\d{4}-/.test(isoTime)) return 'must lie in the years 1 to 9999';
  // What an order's data was last changed by is the latest: an event from far ahead would shut out all that come after it.
  if (Date.parse(isoTime) > nowMs + maxAheadMs) return 'lies more than a year ahead';
  return undefined;
}
