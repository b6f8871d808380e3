import { RetryableError } from '@orderly/errors';

/** How concurrent calls share one round trip. */
export interface CoalescerOptions<Item, Result> {
  /** Does the work of many; one result per item, in the order of the items. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** The maximum weight of a batch. A heavier item gets a batch of its own. */
  readonly maxBatch: number;
  /**
   * After a batch that takes longer, in ms, the next ones are smaller in proportion, down to one item, until they are fast again.
   * @defaultValue no limit
   */
  readonly maxBatchMs?: number;
  /** Batches under way at once. Calls that arrive meanwhile form the next batch. */
  readonly maxInFlight: number;
  /** Whether a failure may be the fault of one item. Such a batch is bisected until the bad item stands alone. */
  readonly isItemFault: (error: unknown) => boolean;
  readonly onBatch?: (size: number) => void;
  /**
   * The weight that may wait for a batch. Further items are rejected at once with `overloaded`.
   * @defaultValue no limit, for callers that are bounded themselves, such as the jobs that a worker runs at once
   */
  readonly maxWaiting?: number;
  /**
   * Called when an item's turn comes. An unwanted item joins no batch and is rejected with `overloaded`. Once its batch is formed,
   * it is called again only before the batch is bisected.
   * @defaultValue every item is wanted
   */
  readonly isWanted?: (item: Item) => boolean;
  /** @defaultValue 1 for every item */
  readonly weightOf?: (item: Item) => number;
}

/** @throws RetryableError `overloaded` for an item that joined no batch: nothing was done for it */
export interface Coalescer<Item, Result> {
  (item: Item): Promise<Result>;
  /** How long the next item has waited, in ms; 0 if none waits. */
  longestWaitMs(): number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly weight: number;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Turns a function of many items into a function of one item. Concurrent calls are run together. */
export function createCoalescer<Item, Result>({
  maxWaiting = Infinity,
  isWanted = () => true,
  weightOf = () => 1,
  maxBatchMs = Infinity,
  ...options
}: CoalescerOptions<Item, Result>): Coalescer<Item, Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let waitingWeight = 0;
  let batchRoom = options.maxBatch;
  let inFlight = 0;
  let isScheduled = false;

  const call = (item: Item): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      if (waitingWeight >= maxWaiting) return reject(overloaded('queue-full', 'Too much waits already'));
      const weight = weightOf(item);
      waitingWeight += weight;
      waiting.push({ item, weight, since: performance.now(), resolve, reject });
      schedule();
    });
  const longestWaitMs = (): number => (waiting[0] === undefined ? 0 : performance.now() - waiting[0].since);
  return Object.assign(call, { longestWaitMs });

  function schedule(): void {
    if (isScheduled || inFlight >= options.maxInFlight || waiting.length === 0) return;
    isScheduled = true;
    // Waits one turn of the event loop, so that other calls of the same turn join the batch.
    setImmediate(() => {
      isScheduled = false;
      const batch = nextBatch();
      if (batch.length === 0) return;
      inFlight += 1;
      void runBatch(batch).finally(() => {
        inFlight -= 1;
        schedule();
      });
      schedule();
    });
  }

  function nextBatch(): readonly Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    let batchWeight = 0;
    let taken = 0;
    for (const one of waiting) {
      const wanted = isWanted(one.item);
      if (wanted && batch.length > 0 && batchWeight + one.weight > batchRoom) break;
      taken += 1;
      waitingWeight -= one.weight;
      if (wanted) {
        batch.push(one);
        batchWeight += one.weight;
      } else {
        tooLate(one);
      }
    }
    waiting = waiting.slice(taken);
    return batch;
  }

  function tooLate({ reject }: Waiting<Item, Result>): false {
    reject(overloaded('queue-wait', 'It waited for too long, or its caller has gone'));
    return false;
  }

  function adapt(batch: readonly Waiting<Item, Result>[], startedAt: number): void {
    const weight = batch.reduce((sum, one) => sum + one.weight, 0);
    const fitting = Math.floor((weight * maxBatchMs) / (performance.now() - startedAt));
    batchRoom = Math.min(Math.max(fitting, 1), options.maxBatch);
  }

  async function runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    options.onBatch?.(batch.length);
    const startedAt = performance.now();
    try {
      const results = await options.run(batch.map(({ item }) => item)).finally(() => adapt(batch, startedAt));
      if (results.length !== batch.length) throw new Error(`a batch of ${batch.length} gave ${results.length} results`);
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1 || !options.isItemFault(error)) return batch.forEach(({ reject }) => reject(error));
      // An item that failed with its neighbours was not done: the time for its next try may be over too.
      const left = batch.filter((one) => isWanted(one.item) || tooLate(one));
      const half = Math.ceil(left.length / 2);
      if (half > 0) await runBatch(left.slice(0, half));
      if (left.length > half) await runBatch(left.slice(half));
    }
  }
}

const overloaded = (reason: string, message: string): RetryableError =>
  new RetryableError('overloaded', message, { details: { reason } });
