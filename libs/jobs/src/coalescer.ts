/** How calls that are made at the same time share one round trip. */
export interface CoalescerOptions<Item, Result> {
  /** Does the work of many; one result per item, in the order of the items. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Items of one batch. */
  readonly maxBatch: number;
  /** Batches under way at once; what arrives meanwhile waits, and forms the next batch. */
  readonly maxInFlight: number;
  /** Whether a failure may be the fault of one item. A batch that failed so is bisected until the bad item stands alone. */
  readonly isItemFault: (error: unknown) => boolean;
  readonly onBatch?: (size: number) => void;
}

export type Coalescer<Item, Result> = (item: Item) => Promise<Result>;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Turns a function of many into a function of one whose concurrent calls are run together. */
export function createCoalescer<Item, Result>(options: CoalescerOptions<Item, Result>): Coalescer<Item, Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let inFlight = 0;
  let isScheduled = false;

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      schedule();
    });

  function schedule(): void {
    if (isScheduled || inFlight >= options.maxInFlight || waiting.length === 0) return;
    isScheduled = true;
    // One turn of the event loop: whatever else becomes ready in it joins the batch.
    setImmediate(() => {
      isScheduled = false;
      const batch = waiting.slice(0, options.maxBatch);
      waiting = waiting.slice(options.maxBatch);
      inFlight += 1;
      void runBatch(batch).finally(() => {
        inFlight -= 1;
        schedule();
      });
      schedule();
    });
  }

  async function runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    options.onBatch?.(batch.length);
    try {
      const results = await options.run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error(`a batch of ${batch.length} gave ${results.length} results`);
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1 || !options.isItemFault(error)) return batch.forEach(({ reject }) => reject(error));
      const half = Math.ceil(batch.length / 2);
      await runBatch(batch.slice(0, half));
      await runBatch(batch.slice(half));
    }
  }
}
