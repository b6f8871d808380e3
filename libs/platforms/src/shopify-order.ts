import { EmailAddress, toMinorUnits } from '@orderly/contracts';
import { listOf, objectOf, textOf, wholeTextOf, withoutNulls, type JsonObject } from './json-value';

/**
 * Maps a Shopify order to a merge patch on our snapshot. A field that Shopify leaves empty is `null`, which removes the old value.
 * Amounts and quantities are those of the purchase, in the shop's currency; refunds are in `metadata.refunds`. Tokens, payment
 * details and IP addresses are left out.
 *
 * @throws BodyFault if an amount cannot be converted exactly: a refused order is better than one with a wrong amount.
 */
export function toOrderPatch(order: JsonObject): JsonObject {
  const { currency } = order;
  return {
    currency,
    totalMinor: minorUnits(order.total_price, currency, ['total_price']),
    lines: listOf(order.line_items).map((line, index) => toLine(objectOf(line), currency, index)),
    customer: toCustomer(order),
    shippingAddress: toAddress(order.shipping_address),
    billingAddress: toAddress(order.billing_address),
    metadata: toMetadata(order),
  };
}

/** The same for a new order: without nulls, and always with a customer, who may be a guest. */
export function toOrderSnapshot(order: JsonObject): JsonObject {
  const { customer, ...rest } = toOrderPatch(order);
  // Shopify gives a guest no id. The order's id is stable and unique, so two guests are never merged.
  const id = `guest-${String(idOf(order.id))}`;
  return objectOf(withoutNulls({ ...rest, customer: { id, ...objectOf(customer) } }));
}

/** Refunds by their id, for `metadata`. An object, because a merge patch adds to an object but replaces a list. */
export function toRefunds(refunds: readonly unknown[]): JsonObject {
  return Object.fromEntries(
    refunds.map(objectOf).flatMap((refund) => {
      const id = idOf(refund.id);
      return id === null ? [] : [[id, toRefund(refund)]];
    }),
  );
}

/** A Shopify id in decimal digits. `parseJson` passes ids beyond 2^53 as text. */
export function idOf(value: unknown): string | null {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return /^[1-9]\d{0,19}$/.test(text) ? text : null;
}

/** A part of a body that cannot be mapped. Its message is safe to show. */
export class BodyFault extends Error {
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], message: string) {
    super(message);
    this.name = 'BodyFault';
    this.path = path;
  }
}

function toLine(line: JsonObject, currency: unknown, index: number): unknown {
  return withoutNulls({
    sku: skuOf(line),
    name: textOf(line.name, 500) ?? textOf(line.title, 500),
    quantity: line.quantity,
    unitPriceMinor: minorUnits(line.price, currency, ['line_items', index, 'price']),
  });
}

/** Our lines need a SKU, but not every product has one. The variant id also identifies a product; the line id is the last resort. */
function skuOf(line: JsonObject): string | null {
  const variant = idOf(line.variant_id);
  const own = idOf(line.id);
  return textOf(line.sku, 200) ?? (variant !== null ? `variant-${variant}` : own !== null ? `line-${own}` : null);
}

function toCustomer(order: JsonObject): JsonObject {
  const customer = objectOf(order.customer);
  const id = idOf(customer.id);
  return {
    // Absent instead of null: a patch may replace a customer's id, but not remove it.
    ...(id !== null && { id }),
    email: firstOf([order.contact_email, order.email, customer.email], emailOf),
    phone: firstOf([order.phone, customer.phone], (phone) => wholeTextOf(phone, 50)),
    name:
      fullName(customer) ??
      firstOf([order.billing_address, order.shipping_address], (address) => textOf(objectOf(address).name, 300)),
    locale: wholeTextOf(order.customer_locale, 35),
  };
}

const fullName = ({ first_name, last_name }: JsonObject): string | null =>
  textOf([first_name, last_name].map((part) => textOf(part, 150) ?? '').join(' '), 300);

/** Staff can type any text as e-mail address. An invalid one is left out, because a refusal would lose the order. */
const emailOf = (value: unknown): string | null => EmailAddress.safeParse(wholeTextOf(value, 320)).data ?? null;

const addressKeys = [
  'name',
  'company',
  'address1',
  'address2',
  'city',
  'zip',
  'province',
  'province_code',
  'country',
  'country_code',
  'phone',
] as const;

function toAddress(value: unknown): JsonObject | null {
  const address = objectOf(value);
  const known = Object.fromEntries(addressKeys.map((key) => [key, textOf(address[key], 500)]));
  return Object.values(known).some((text) => text !== null) ? known : null;
}

function toMetadata(order: JsonObject): JsonObject {
  const { currency } = order;
  const shipping = objectOf(objectOf(order.total_shipping_price_set).shop_money).amount;
  return {
    orderName: textOf(order.name, 100),
    orderNumber: textOf(order.order_number, 50),
    sourceName: textOf(order.source_name, 100),
    tags: textOf(order.tags, 1000),
    note: textOf(order.note, 1000),
    isTest: order.test === true ? true : null,
    financialStatus: textOf(order.financial_status, 50),
    fulfillmentStatus: textOf(order.fulfillment_status, 50),
    subtotalMinor: minorUnits(order.subtotal_price, currency, ['subtotal_price']),
    discountMinor: minorUnits(order.total_discounts, currency, ['total_discounts']),
    taxMinor: minorUnits(order.total_tax, currency, ['total_tax']),
    shippingMinor: minorUnits(shipping, currency, ['total_shipping_price_set', 'shop_money', 'amount']),
    // An order lists all its refunds, so an update adds a refund whose own webhook arrived too late to be merged.
    ...(listOf(order.refunds).length > 0 && { refunds: toRefunds(listOf(order.refunds)) }),
  };
}

/** The refunded amounts and lines. Failed and pending transactions have refunded nothing yet. */
function toRefund(refund: JsonObject): unknown {
  const paidBack = listOf(refund.transactions)
    .map(objectOf)
    .filter(({ kind, status, amount }) => kind === 'refund' && status === 'success' && amount != null);
  return withoutNulls({
    at: textOf(refund.created_at, 40),
    note: textOf(refund.note, 500),
    amounts: paidBack.map(({ amount, currency }) => ({ amountMinor: minorUnits(amount, currency, ['transactions']), currency })),
    lines: listOf(refund.refund_line_items)
      .map(objectOf)
      .map(({ line_item, quantity }) => ({
        sku: skuOf(objectOf(line_item)),
        quantity: typeof quantity === 'number' ? quantity : null,
      })),
  });
}

/** Converts Shopify's decimal text to minor units. A missing amount gives null. */
function minorUnits(value: unknown, currency: unknown, path: readonly PropertyKey[]): number | null {
  if (value === undefined || value === null) return null;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) throw new BodyFault(['currency'], 'must be an ISO 4217 code');
  if (typeof value !== 'string' && typeof value !== 'number') throw new BodyFault(path, 'must be an amount');
  try {
    return toMinorUnits(String(value), currency);
  } catch (error) {
    throw error instanceof RangeError ? new BodyFault(path, error.message) : error;
  }
}

const firstOf = (values: readonly unknown[], read: (value: unknown) => string | null): string | null =>
  values.map(read).find((value) => value !== null) ?? null;
