import { orderStatuses, type OrderStatus } from '@orderly/contracts';

/** The statuses that may follow a status in one step. The graph has no cycle: an order never returns to an earlier status. */
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

/** The statuses that may follow `status` in one step; `null` is a placeholder, which can only be created. */
export function allowedFrom(status: OrderStatus | null): readonly OrderStatus[] {
  return status === null ? ['pending'] : statusGraph[status];
}

/** Whether one or more steps lead from one status to another. A status is not reachable from itself. */
export function isReachable(from: OrderStatus, to: OrderStatus): boolean {
  return paths[from].has(to);
}

/** The number of steps of {@link pathBetween}: 0 from a status to itself, `Infinity` without a path. */
export function distance(from: OrderStatus, to: OrderStatus): number {
  return from === to ? 0 : (pathBetween(from, to)?.length ?? Infinity);
}

/**
 * The statuses on the shortest path, without `from` and with `to`; undefined without a path. The path never contains `cancelled` as
 * an intermediate step: a refund far ahead means that the goods came back, not that the order was cancelled.
 */
export function pathBetween(from: OrderStatus, to: OrderStatus): readonly OrderStatus[] | undefined {
  return paths[from].get(to);
}

type PathsByTarget = ReadonlyMap<OrderStatus, readonly OrderStatus[]>;

const paths = Object.fromEntries(orderStatuses.map((from) => [from, findPathsFrom(from)])) as Record<OrderStatus, PathsByTarget>;

function findPathsFrom(from: OrderStatus): PathsByTarget {
  const found = new Map<OrderStatus, readonly OrderStatus[]>();
  const frontier: { status: OrderStatus; path: readonly OrderStatus[] }[] = [{ status: from, path: [] }];
  // Breadth-first search: the first path to a status is a shortest one. The loop appends to the array that it iterates.
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
