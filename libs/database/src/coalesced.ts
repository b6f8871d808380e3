import { createCoalescer, type Coalescer, type CoalescerOptions } from '@orderly/jobs';
import { isDatabaseAway } from './fault-kind';
import { retried, type WaitForDatabaseOptions } from './retried';

export interface CoalescedOptions<Item, Result> extends Omit<CoalescerOptions<Item, Result>, 'isItemFault'> {
  /** Waits for as long as PostgreSQL is away. Without it all items of a batch fail at once. */
  readonly wait?: WaitForDatabaseOptions;
}

/**
 * Runs concurrent calls in one statement. A statement that PostgreSQL refuses, or that stays too slow or too big for it, is
 * bisected until the bad item stands alone; only that one fails.
 */
export function coalesced<Item, Result>({ run, wait, ...options }: CoalescedOptions<Item, Result>): Coalescer<Item, Result> {
  return createCoalescer<Item, Result>({
    ...options,
    run: (items) => retried(() => run(items), { wait, splits: items.length > 1 }),
    isItemFault: (error) => !isDatabaseAway(error),
  });
}
