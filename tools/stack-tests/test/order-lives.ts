import type { NotificationKind, OrderStatus } from '@orderly/contracts';

/** An event as sent by a producer. */
export interface LifeEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly orderId: string;
  readonly occurredAt: string;
  readonly data: object;
}

/** The life of an order, with the facts that must be true after all its events were accepted in the order of their times. */
export interface OrderLife {
  readonly orderId: string;
  readonly events: readonly LifeEvent[];
  readonly status: OrderStatus;
  readonly version: number;
  readonly messages: readonly NotificationKind[];
  /** One of its steps never arrives. The next event waits until its deadline and becomes a dead letter. */
  readonly isStuck: boolean;
}

export interface OrderLives {
  /** The prefix of all order ids, and thus of all mail addresses. */
  readonly prefix: string;
  readonly orders: readonly OrderLife[];
  /** The events of all orders, sorted by time, as in a file. */
  readonly events: readonly LifeEvent[];
}

/** Makes up lives like those in a shop. A seed always gives the same lives, with any prefix. */
export function makeOrderLives({ prefix, count = 100, seed = 1 }: { prefix: string; count?: number; seed?: number }): OrderLives {
  const random = randomNumbers(seed);
  const orders = Array.from({ length: count }, (_, index) => {
    // The first orders make sure that every kind occurs.
    const kind = kinds[index] ?? pickKind(random());
    return makeLife(`${prefix}-${String(index + 1).padStart(4, '0')}`, kind, random);
  });
  const events = orders.flatMap((order) => order.events).sort((a, b) => a.occurredAt.localeCompare(b.occurredAt));
  return { prefix, orders, events };
}

/** Shuffles the events within each order. */
export function shuffleWithinOrders({ orders, events }: OrderLives, seed = 1): LifeEvent[] {
  const random = randomNumbers(seed);
  const shuffled = new Map(orders.map((order) => [order.orderId, shuffle(order.events, random)]));
  return events.map(({ orderId }) => shuffled.get(orderId)!.pop()!);
}

const kinds = [
  'delivered',
  'late-scan',
  'same-minute',
  'shipped',
  'cancelled',
  'cancelled-later',
  'processing',
  'stuck',
] as const;
type Kind = (typeof kinds)[number];

function pickKind(chance: number): Kind {
  if (chance < 0.8) return 'delivered';
  if (chance < 0.86) return 'late-scan';
  if (chance < 0.9) return 'same-minute';
  if (chance < 0.94) return 'shipped';
  if (chance < 0.96) return 'cancelled';
  return chance < 0.98 ? 'cancelled-later' : 'processing';
}

type Step = { readonly status: OrderStatus; readonly minutes: number };

// The steps as they happened, each with the minutes since the one before. The times that the shop reports may differ.
function stepsOf(kind: Kind, random: () => number): Step[] {
  const hours = (most: number): number => 1 + Math.floor(random() * most * 60);
  const pending: Step = { status: 'pending', minutes: 0 };
  const confirmed: Step = { status: 'confirmed', minutes: hours(2) };
  const shipped: Step = { status: 'shipped', minutes: hours(48) };
  const delivered: Step = { status: 'delivered', minutes: hours(96) };
  switch (kind) {
    case 'delivered':
      return [pending, confirmed, shipped, delivered];
    case 'late-scan': // the approval was recorded after the parcel had left
      return [pending, { ...confirmed, minutes: 90 }, { ...shipped, minutes: -30 }, delivered];
    case 'same-minute':
      return [pending, { ...confirmed, minutes: 0 }, { ...shipped, minutes: 0 }, delivered];
    case 'shipped':
      return [pending, confirmed, shipped];
    case 'cancelled':
      return [pending, { status: 'cancelled', minutes: 0 }];
    case 'cancelled-later':
      return [pending, confirmed, { status: 'cancelled', minutes: hours(5) }];
    case 'processing':
      return [pending, confirmed, { status: 'processing', minutes: hours(5) }];
    case 'stuck': // the confirmation never arrives
      return [pending, shipped];
  }
}

function makeLife(orderId: string, kind: Kind, random: () => number): OrderLife {
  const steps = stepsOf(kind, random);
  const isStuck = kind === 'stuck';
  const applied = isStuck ? steps.slice(0, 1) : steps;
  let minute = Math.floor(random() * 14 * 24 * 60);
  const events = steps.map(({ status, minutes }, index) => {
    minute += minutes;
    return {
      ...{ id: `${orderId}-${index + 1}`, source: 'made-up', orderId },
      occurredAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
      ...changeTo(status, orderId),
    };
  });
  return {
    ...{ orderId, events, isStuck },
    status: applied.at(-1)!.status,
    version: applied.length,
    messages: applied.flatMap(({ status }) => messageOf[status] ?? []),
  };
}

const messageOf: Partial<Record<OrderStatus, NotificationKind>> = {
  ...{ pending: 'created', shipped: 'shipped', delivered: 'delivered', cancelled: 'cancelled' },
};

function changeTo(status: OrderStatus, orderId: string): { type: string; data: object } {
  if (status === 'cancelled') return { type: 'order.cancelled', data: { reason: 'changed my mind' } };
  if (status !== 'pending') return { type: 'order.status_changed', data: { status } };
  const customer = { id: `customer-of-${orderId}`, name: 'Ada Made-up', email: `${orderId}@customers.example` };
  const lines = [{ sku: 'MUG-1', name: 'Enamel mug', quantity: 2, unitPriceMinor: 2_490 }];
  return { type: 'order.created', data: { currency: 'EUR', totalMinor: 4_980, lines, customer } };
}

// Mulberry32 is small and gives the same numbers on all machines.
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}
