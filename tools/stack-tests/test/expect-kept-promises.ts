import type { LifeEvent, OrderLives } from './order-lives';
import type { PartnerName, PartnerRequest, StackClient } from './stack-client';

export interface Expectations {
  /** Whether the events were sent in the order of their times. Then all were applied, and the versions are known. */
  readonly inOrder?: boolean;
  /** How many messages may end `unknown`. */
  readonly unknownMessages?: number;
}

/** Asserts everything that must be true when all work of a batch has ended, whatever failed meanwhile. */
export async function expectKeptPromises(
  client: StackClient,
  lives: OrderLives,
  { inOrder = true, unknownMessages = 0 }: Expectations = {},
): Promise<void> {
  const versions = await expectFinalOrders(client, lives, inOrder);
  await expectEveryEventHasItsOutcome(client, lives, inOrder);
  for (const partner of ['erp', 'wms'] as const) await expectPartnerWasTold(client, partner, lives.prefix, versions);
  await expectMessages(client, lives, unknownMessages);
}

async function expectFinalOrders(client: StackClient, lives: OrderLives, inOrder: boolean): Promise<Map<string, number>> {
  const orders = await Promise.all(lives.orders.map(({ orderId }) => client.get(`/v1/orders/${orderId}`)));
  const found = orders.map(({ orderId, status, version }) => (inOrder ? { orderId, status, version } : { orderId, status }));
  expect(found).toEqual(
    lives.orders.map(({ orderId, status, version }) => (inOrder ? { orderId, status, version } : { orderId, status })),
  );
  return new Map(orders.map(({ orderId, version }) => [orderId as string, version as number]));
}

async function expectEveryEventHasItsOutcome(client: StackClient, lives: OrderLives, inOrder: boolean): Promise<void> {
  const outcomes = await Promise.all(
    lives.events.map(async ({ source, id }) => {
      const { outcome } = await client.get(`/v1/events/${source}/${id}`);
      return { id, status: outcome.status as string, code: outcome.code as string | undefined };
    }),
  );
  const late = new Set(lives.orders.flatMap(({ isStuck, events }) => (isStuck ? [events.at(-1)!.id] : [])));
  expect(outcomes.filter(({ id }) => late.has(id))).toEqual(
    [...late].map((id) => ({ id, status: 'rejected', code: 'parked-too-long' })),
  );
  // A confirmation that arrives after its order was cancelled is not applied.
  const usual = inOrder ? ['applied'] : ['applied', 'superseded'];
  expect(outcomes.filter(({ id, status }) => !late.has(id) && !usual.includes(status))).toEqual([]);
}

async function expectPartnerWasTold(
  client: StackClient,
  partner: PartnerName,
  prefix: string,
  versions: ReadonlyMap<string, number>,
): Promise<void> {
  const requests = await client.requestsTo(partner, prefix);
  expect(requests.filter(({ fault }) => fault !== undefined)).toEqual([]);
  const bodies = Map.groupBy(requests, ({ key }) => key);
  expect([...bodies.values()].filter((same) => new Set(same.map(({ bodyHash }) => bodyHash)).size > 1)).toEqual([]);

  const effects = Map.groupBy(requests.filter(hadEffect), ({ orderId }) => orderId);
  const told = [...versions.keys()].map((orderId) => [orderId, (effects.get(orderId) ?? []).map(({ version }) => version)]);
  const last = [...versions].map(([orderId, version]) => [orderId, version]);
  expect(told.map(([orderId, all]) => [orderId, (all as number[]).at(-1)])).toEqual(last);
  if (partner === 'wms') {
    const each = [...versions].map(([orderId, version]) => [orderId, Array.from({ length: version }, (_, index) => index + 1)]);
    expect(told).toEqual(each);
  } else {
    const backwards = told.filter(([, all]) =>
      (all as number[]).some((version, index) => version <= ((all as number[])[index - 1] ?? 0)),
    );
    expect(backwards).toEqual([]);
  }
}

const hadEffect = ({ answer, isRepeat }: PartnerRequest): boolean => answer !== null && answer < 300 && !isRepeat;

async function expectMessages(client: StackClient, lives: OrderLives, unknownMessages: number): Promise<void> {
  const rows = await client.ledger<{ order_id: string; kind: string; state: string }>(
    'select order_id, kind, state from messages where starts_with(order_id, $1) order by order_id, version',
    [`${lives.prefix}-`],
  );
  // Exactly one row for each change that notifies the customer.
  const wanted = lives.orders.flatMap(({ orderId, messages }) => messages.map((kind) => `${orderId} ${kind}`));
  expect(rows.map(({ order_id: orderId, kind }) => `${orderId} ${kind}`)).toEqual(wanted);

  const unknown = rows.filter(({ state }) => state === 'unknown');
  expect(unknown.length).toBeLessThanOrEqual(unknownMessages);
  expect(rows.filter(({ state }) => state !== 'sent' && state !== 'unknown')).toEqual([]);

  const mails = await client.mailsFor(lives.prefix);
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(mails.length);
  expect(mails.length).toBeLessThanOrEqual(rows.length);
  expect(mails.length).toBeGreaterThanOrEqual(rows.length - unknown.length);
}

/** Cuts the events into consecutive parts. */
export function inParts(events: readonly LifeEvent[], parts: number): LifeEvent[][] {
  const size = Math.ceil(events.length / parts);
  return Array.from({ length: parts }, (_, part) => events.slice(part * size, (part + 1) * size));
}
