import type { OrderChange, OrderId, OrderSnapshot, OrderStatus, Version } from '@orderly/contracts';
import { addressLines } from './address-lines';
import { formatMoney } from './format-money';
import { singleLine } from './single-line';

/** What a message is about: the order after the change, and the change. */
export type MessageInput = {
  readonly order: {
    readonly orderId: OrderId;
    readonly version: Version;
    readonly status: OrderStatus;
    readonly data: OrderSnapshot;
  };
  readonly change: OrderChange;
};

/** Everything that a template may name. Each key is always there, so that an unknown name is a mistake and not an absence. */
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
  /** False where the order names no total, or no currency to read it in; a total of nothing is still one. */
  readonly hasTotal: boolean;
  /** Whether lines have a price to show. */
  readonly hasPrices: boolean;
  readonly lines: readonly MessageLine[] | null;
  /** How many lines there are beyond those in `lines`. */
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

/** The helper `money` of the templates: in the order's currency and the customer's locale; nothing where there is no currency. */
export const moneyIn = (view: MessageView, amountMinor: number): string =>
  view.currency === null ? '' : formatMoney(amountMinor, view.currency, view.locale ?? undefined);

/** Mail programs cut messages off at about 100 kB: an order of 1,000 lines is shown in part. */
const shownLines = 50;

const toLine = ({ name, sku, quantity, unitPriceMinor }: NonNullable<OrderSnapshot['lines']>[number]): MessageLine => ({
  name: textOrNull(name) ?? singleLine(sku),
  quantity,
  amountMinor: quantity * unitPriceMinor,
});

const textOrNull = (text: string | undefined): string | null => (text === undefined ? null : singleLine(text) || null);
