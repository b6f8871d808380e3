import { orderStatuses } from '@orderly/contracts';
import { allowedFrom, distance, isReachable, pathBetween, statusGraph } from './status-graph';

const pairs = orderStatuses.flatMap((from) => orderStatuses.map((to) => [from, to] as const));

describe('status graph', () => {
  test('has no cycle, so no order returns to an earlier status', () => {
    for (const status of orderStatuses) expect(isReachable(status, status)).toBe(false);
    for (const [from, to] of pairs) expect(isReachable(from, to) && isReachable(to, from)).toBe(false);
  });

  test('reaches every status from pending and ends at refunded', () => {
    for (const status of orderStatuses) expect(isReachable('pending', status)).toBe(status !== 'pending');
    expect(statusGraph.refunded).toEqual([]);
  });

  test('allows only creation after a placeholder', () => {
    expect(allowedFrom(null)).toEqual(['pending']);
  });

  test.each(pairs.filter(([from, to]) => isReachable(from, to)))(
    'has a valid path from %s to %s that does not pass through cancelled',
    (from, to) => {
      const path = pathBetween(from, to) ?? [];
      expect(path.at(-1)).toBe(to);
      expect(path.slice(0, -1)).not.toContain('cancelled');
      path.forEach((step, index) => expect(allowedFrom(path[index - 1] ?? from)).toContain(step));
      expect(distance(from, to)).toBe(path.length);
    },
  );

  test('measures the shortest path', () => {
    expect(distance('confirmed', 'shipped')).toBe(1);
    expect(distance('pending', 'delivered')).toBe(3);
    expect(distance('pending', 'refunded')).toBe(4);
    expect(distance('shipped', 'shipped')).toBe(0);
    expect(distance('cancelled', 'delivered')).toBe(Infinity);
    expect(pathBetween('cancelled', 'delivered')).toBeUndefined();
  });
});
