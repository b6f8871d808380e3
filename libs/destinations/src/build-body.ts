import type { OrderChange, OrderSnapshot } from '@orderly/contracts';
import { fillTemplate } from './body-template';
import { sortKeys } from './canonical-json';
import type { Destination } from './destination';

/** One version of an order, with the change that led to it. */
export type OrderVersion = {
  readonly orderId: string;
  readonly version: number;
  readonly status: OrderChange['to'];
  readonly previousStatus?: OrderChange['to'];
  readonly change: OrderChange;
  readonly data: OrderSnapshot;
};

/**
 * The JSON body for one order version: the destination's template, or the envelope. The same version always gives
 * identical bytes: the envelope's `timestamp` is the time of the change.
 */
export function buildBody(destination: Pick<Destination, 'mode' | 'request'>, order: OrderVersion): string {
  const { orderId, version, status, previousStatus } = order;
  const { from, to, at, reason } = order.change;
  // The order in which keys are written here is the order in which they are sent.
  const data = { orderId, version, status, previousStatus, change: { from, to, at, reason }, order: sortKeys(order.data) };
  if (destination.request.body !== 'envelope') return JSON.stringify(fillTemplate(destination.request.body, data));
  const type = destination.mode === 'latest-state' ? 'order.snapshot' : 'order.changed';
  return JSON.stringify({ type, timestamp: at, data });
}
