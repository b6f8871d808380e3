import { OrderId, StorableText } from '@orderly/contracts';
import { maxCustomerOrders, type Page } from '@orderly/read-model';
import { z } from 'zod';
import { PageLimit } from './answer-schemas';

// Parts of the queries and answers that all lists share.

// PostgreSQL reads only years with four digits in this form. The check is in UTC: an offset can move a time across the limit.
const isOfOurEra = (text: string): boolean => {
  const year = new Date(text).getUTCFullYear();
  return !(year < 1 || year > 9999);
};

/** A time with a zone, as a `Date`. Without a zone it would depend on the server's. */
export const Time = z.iso
  .datetime({ offset: true, error: 'must be a time with a zone, such as 2026-01-15T09:30:00Z' })
  .refine(isOfOurEra, 'must lie in the years 1 to 9999')
  .transform((text) => new Date(text));

const pageQuery = {
  limit: PageLimit,
  from: Time.optional().meta({ description: 'Not before this time' }),
  to: Time.optional().meta({ description: 'Before this time' }),
};

/** The query of a list: page size, time span, and the list's own filters. */
export const listQuery = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ ...pageQuery, ...shape }).check(({ value, issues }) => {
    const { from, to } = value as { readonly from?: Date; readonly to?: Date };
    if (from && to && from > to)
      issues.push({ code: 'custom', path: ['from'], input: from, message: 'must not be later than to' });
  });

/** A filter by name. `max` is the longest name that the ledger accepts: a longer one could match nothing. */
export const FilterText = (max: number, description: string): z.ZodOptional<z.ZodString> =>
  StorableText(max).min(1).optional().meta({ description });

/** A filter by order id. */
export const OrderFilter = OrderId.optional().meta({ description: 'Only entries of this order' });

/** A filter by customer. Only the newest orders of a customer count, which bounds the work. */
export const CustomerFilter = FilterText(
  200,
  `\`customer.id\` of the order. For a customer with more than ${maxCustomerOrders} orders, only the newest ${maxCustomerOrders} count`,
);

/** The paging rules, for the description of each list. */
export const pagesText =
  'Filters are combined with AND. A page may be short or empty although more follow: continue with `nextCursor` until it is null. ' +
  'Entries that are added or changed meanwhile do not shift the pages.';

/**
 * The position where the previous page ended, as an opaque text.
 *
 * @param list - the name of the list. A cursor of another list is refused: its key would give a wrong page.
 */
export const pageCursor = <Key extends z.ZodType>(list: string, key: Key) =>
  z
    .string()
    .max(1000)
    .transform((text, context): z.output<Key> => {
      const parsed = z.tuple([z.literal(list), key]).safeParse(decoded(text));
      if (parsed.success) return parsed.data[1] as z.output<Key>;
      context.addIssue({ code: 'custom', message: 'must be a nextCursor of an earlier page of this list', input: text });
      return z.NEVER;
    })
    .optional()
    .meta({ description: '`nextCursor` of the previous page' });

/** Makes the cursor that {@link pageCursor} reads; null on the last page. */
export const nextCursorOf = (list: string, { next }: Pick<Page<unknown, unknown>, 'next'>): string | null =>
  next === undefined ? null : Buffer.from(JSON.stringify([list, next])).toString('base64url');

function decoded(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}
