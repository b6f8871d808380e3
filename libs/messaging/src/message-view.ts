import type { OrderChange, OrderId, OrderSnapshot, OrderStatus, Version } from '@orderly/contracts';
import { addressLines } from './address-lines';
import { formatMoney } from './format-money';
import { singleLine } from './single-line';

/** The input of a message: the order after the change, and the change. */
export type MessageInput = {
  readonly order: {
    readonly orderId: OrderId;
    readonly version: Version;
    readonly status: OrderStatus;
    readonly data: OrderSnapshot;
  };
  readonly change: OrderChange;
};

/** All names that a template may use. Every key is always present, so an unknown name is a mistake in the template. */
export type MessageView = {
  readonly orderId: string;
  readonly version: Version;
  readonly status: OrderStatus;
  /** When the change occurred, ISO 8601. */
  readonly changedAt: string;
  readonly reason: string | null;
  readonly customerName: string | null;
  readonly currency: string | null;
  readonly locale: string | null;
  /** In the currency's minor unit. */
  readonly totalMinor: number;
  /** False if the order has no total or no currency. A total of 0 counts as a total. */
  readonly hasTotal: boolean;
  /** False without a currency: the prices of lines cannot be shown then. */
  readonly hasPrices: boolean;
  readonly lines: readonly MessageLine[] | null;
  /** The number of lines that are not in `lines`. */
  readonly furtherLines: number;
  readonly shippingAddress: readonly string[] | null;
};

type MessageLine = {
  readonly name: string;
  readonly quantity: number;
  readonly amountMinor: number;
};

export function toMessageView({ order, change }: MessageInput): MessageView {
  const { currency, customer, lines = [], shippingAddress, totalMinor } = order.data;
  const address = addressLines(shippingAddress ?? {});
  return {
    orderId: order.orderId,
    version: order.version,
    status: order.status,
    changedAt: change.at,
    reason: textOrNull(change.reason),
    customerName: textOrNull(customer.name),
    currency: currency ?? null,
    locale: customer.locale ?? null,
    totalMinor: totalMinor ?? 0,
    hasTotal: currency !== undefined && totalMinor !== undefined,
    hasPrices: currency !== undefined,
    lines: lines.length === 0 ? null : lines.slice(0, shownLines).map(toLine),
    furtherLines: Math.max(0, lines.length - shownLines),
    shippingAddress: address.length === 0 ? null : address,
  };
}

/** The template helper `money`: formats in the order's currency and the customer's locale. Without a currency it returns nothing. */
export const moneyIn = (view: MessageView, amountMinor: number): string =>
  view.currency === null ? '' : formatMoney(amountMinor, view.currency, view.locale ?? undefined);

/** Mail programs cut messages at about 100 kB, so a message shows only this many lines of an order. */
const shownLines = 50;

const toLine = ({ name, sku, quantity, unitPriceMinor }: NonNullable<OrderSnapshot['lines']>[number]): MessageLine => ({
  name: textOrNull(name) ?? singleLine(sku),
  quantity,
  amountMinor: quantity * unitPriceMinor,
});

const textOrNull = (text: string | undefined): string | null => (text === undefined ? null : singleLine(text) || null);
