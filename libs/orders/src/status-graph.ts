import { orderStatuses, type OrderStatus } from '@orderly/contracts';

/** Which statuses may follow a status in one step. It has no cycle: no order ever returns to a status that it has left. */
export const statusGraph = {
  pending: ['confirmed', 'cancelled'],
  confirmed: ['processing', 'shipped', 'cancelled'],
  processing: ['shipped', 'cancelled'],
  shipped: ['delivered', 'returned', 'cancelled'],
  delivered: ['returned', 'refunded'],
  returned: ['refunded'],
  refunded: [],
  cancelled: ['refunded'],
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

/** The statuses that may follow `status` in one step; `null` is a placeholder, which only creation follows. */
export function allowedFrom(status: OrderStatus | null): readonly OrderStatus[] {
  return status === null ? ['pending'] : statusGraph[status];
}

/** Whether one or more steps lead from one status to another. A status is not reachable from itself. */
export function isReachable(from: OrderStatus, to: OrderStatus): boolean {
  return paths[from].has(to);
}

/** How many steps {@link pathBetween} takes: 0 from a status to itself, `Infinity` where no path leads. */
export function distance(from: OrderStatus, to: OrderStatus): number {
  return from === to ? 0 : (pathBetween(from, to)?.length ?? Infinity);
}

/**
 * The statuses that an order takes on its shortest way, `from` left out and `to` included; undefined where no path leads.
 * It never passes through `cancelled`: a refund that is far ahead says that the goods came back, not that nobody sent them.
 */
export function pathBetween(from: OrderStatus, to: OrderStatus): readonly OrderStatus[] | undefined {
  return paths[from].get(to);
}

type PathsByTarget = ReadonlyMap<OrderStatus, readonly OrderStatus[]>;

const paths = Object.fromEntries(orderStatuses.map((from) => [from, findPathsFrom(from)])) as Record<OrderStatus, PathsByTarget>;

function findPathsFrom(from: OrderStatus): PathsByTarget {
  const found = new Map<OrderStatus, readonly OrderStatus[]>();
  const frontier: { status: OrderStatus; path: readonly OrderStatus[] }[] = [{ status: from, path: [] }];
  // Breadth first: the first path found to a status is a shortest one. The frontier grows while it is walked.
  for (const { status, path } of frontier) {
    if (status === 'cancelled' && status !== from) continue;
    for (const next of allowedFrom(status)) {
      if (found.has(next)) continue;
      const longer = [...path, next];
      found.set(next, longer);
      frontier.push({ status: next, path: longer });
    }
  }
  return found;
}
