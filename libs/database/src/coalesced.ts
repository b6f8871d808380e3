import { createCoalescer, type Coalescer, type CoalescerOptions } from '@orderly/jobs';
import { isDatabaseAway, mayPass } from './fault-kind';
import { patienceMs, retried, type WaitForDatabaseOptions } from './retried';

export interface CoalescedOptions<Item, Result> extends Omit<CoalescerOptions<Item, Result>, 'isItemFault'> {
  /** Waits for as long as PostgreSQL is away. Without it all items of a batch fail at once. */
  readonly wait?: WaitForDatabaseOptions;
}

/**
 * Runs concurrent calls in one statement. A statement that PostgreSQL refuses, or that stays too slow or too big for it, is
 * bisected until the bad item stands alone; only that one fails. For callers who cannot wait, a batch that took too long
 * fails as a whole: its halves would be stored after the callers have gone.
 */
export function coalesced<Item, Result>({ run, wait, ...options }: CoalescedOptions<Item, Result>): Coalescer<Item, Result> {
  const tooLate = new WeakSet<Error>();
  return createCoalescer<Item, Result>({
    ...options,
    run: async (items) => {
      const startedAt = performance.now();
      try {
        return await retried(() => run(items), { wait, splits: items.length > 1 });
      } catch (error) {
        if (wait === undefined && performance.now() - startedAt > patienceMs && mayPass(error)) tooLate.add(error as Error);
        throw error;
      }
    },
    isItemFault: (error) => !isDatabaseAway(error) && !tooLate.has(error as Error),
  });
}
