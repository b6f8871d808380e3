import { faultText, OrderEvent } from '@orderly/contracts';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from './canonical-json';
import { jsonPointer } from '../http/json-pointer';
import { faultsOfIssue, refuseIfAny, refuseUnstorable } from '../http/parse-body';
import { RequestRefused } from '../http/request-refused';

/** The largest event, in bytes of canonical JSON. An order of a thousand lines takes a third of it. */
export const maxEventBytes = 256 * 1024;

/** The label of a batch: printable ASCII, because it travels in a header and in URLs. */
export const BatchLabel = z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 printable characters without blanks');

/** A valid event. The hash tells a repeated event from one that reuses an id. */
export interface CheckedEvent {
  readonly event: OrderEvent;
  readonly bodyHash: Buffer;
}

/**
 * Checks one event.
 *
 * @param path - the position of the event in the request body, for the pointers of faults
 * @throws RequestRefused `validation-failed` or `payload-too-large`
 */
export function checkEvent(body: unknown, path: readonly PropertyKey[] = []): CheckedEvent {
  // First: it also limits the nesting, and the recursion of the next line relies on that.
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

/** A year. No clock is that wrong and no order is planned that far ahead: the year must be a typing error. */
const maxAheadMs = 366 * 24 * 60 * 60 * 1000;

function faultOfTime(isoTime: string, nowMs: number): string | undefined {
  // Checked in UTC: an offset can move a time out of the years that PostgreSQL reads in this form.
  if (!/^(?!0000)\d{4}-/.test(isoTime)) return 'must lie in the years 1 to 9999';
  // For an order's data the latest event wins: an event from the far future would beat all later ones.
  if (Date.parse(isoTime) > nowMs + maxAheadMs) return 'lies more than a year ahead';
  return undefined;
}
