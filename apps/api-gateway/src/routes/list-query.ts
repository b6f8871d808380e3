import { OrderId, StorableText } from '@orderly/contracts';
import { maxCustomerOrders, type Page } from '@orderly/read-model';
import { z } from 'zod';
import { PageLimit } from './answer-schemas';

// What the queries and the answers of all lists have in common.

// PostgreSQL reads these years in this form alone, and an offset can move a time out of them.
const isOfOurEra = (text: string): boolean => {
  const year = new Date(text).getUTCFullYear();
  return !(year < 1 || year > 9999);
};

export const Time = z.iso
  .datetime({ offset: true, error: 'must be a time with a zone, such as 2026-01-15T09:30:00Z' })
  .refine(isOfOurEra, 'must lie in the years 1 to 9999')
  .transform((text) => new Date(text));

const pageQuery = {
  limit: PageLimit,
  from: Time.optional().meta({ description: 'Not before this time' }),
  to: Time.optional().meta({ description: 'Before this time' }),
};

/** The query of a list: a part of it, of things of some time, and what else it takes. */
export const listQuery = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ ...pageQuery, ...shape }).check(({ value, issues }) => {
    const { from, to } = value as { readonly from?: Date; readonly to?: Date };
    if (from && to && from > to)
      issues.push({ code: 'custom', path: ['from'], input: from, message: 'must not be later than to' });
  });

/** A name that is filtered by: at most so long as what has it may be. */
export const FilterText = (max: number, description: string): z.ZodOptional<z.ZodString> =>
  StorableText(max).min(1).optional().meta({ description });

export const OrderFilter = OrderId.optional().meta({ description: 'What belongs to this order' });

export const CustomerFilter = FilterText(
  200,
  `\`customer.id\` of the order. Of a customer with more orders than ${maxCustomerOrders} what belongs to the newest of them`,
);

/** How to read a list on, for its description. */
export const pagesText =
  'All filters that are given hold. A page may be short, even empty, before the last: go on with `nextCursor` until it is null. ' +
  'What is added or changed meanwhile shifts nothing.';

/**
 * Where the page before ended, as a text that means nothing to others.
 *
 * @param list - its name: a cursor of another list is refused
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
    .meta({ description: '`nextCursor` of the page before' });

/** What {@link pageCursor} takes for the next page; null on the last. */
export const nextCursorOf = (list: string, { next }: Pick<Page<unknown, unknown>, 'next'>): string | null =>
  next === undefined ? null : Buffer.from(JSON.stringify([list, next])).toString('base64url');

function decoded(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}
