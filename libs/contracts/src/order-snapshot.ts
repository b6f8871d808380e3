import { z } from 'zod';
import { EmailAddress } from './email-address';
import { OrderStatus } from './order';
import { checkStorable } from './storable-json';
import { StorableText } from './text';

const Address = z
  .record(StorableText(100), z.union([StorableText(500), z.number(), z.boolean(), z.null()]))
  .meta({ id: 'Address', description: 'The lines of the address, by name' });

const Line = z
  .looseObject({
    sku: StorableText(200),
    name: StorableText(500).optional(),
    quantity: z.int().nonnegative(),
    unitPriceMinor: z.int().meta({ description: "In the currency's minor unit; negative for a discount line" }),
  })
  .meta({ id: 'Line' });

const Customer = z.looseObject({
  id: StorableText(200).min(1),
  email: EmailAddress.optional(),
  phone: StorableText(50).optional(),
  name: StorableText(300).optional(),
  locale: StorableText(35)
    .optional()
    .meta({ description: 'BCP 47', examples: ['pt-BR'] }),
});

/** `null` removes a member; the id cannot be removed. */
const CustomerPatch = z.looseObject({
  id: Customer.shape.id.optional(),
  email: Customer.shape.email.nullable(),
  phone: Customer.shape.phone.nullable(),
  name: Customer.shape.name.nullable(),
  locale: Customer.shape.locale.nullable(),
});

const knownKeys = {
  currency: z
    .string()
    // Not checked against a list: ISO 4217 changes, and an order in a new currency must be accepted.
    .regex(/^[A-Z]{3}$/, 'must be three capital letters')
    .optional()
    .meta({ description: 'ISO 4217', examples: ['EUR'] }),
  totalMinor: z.int().nonnegative().optional().meta({ description: "In the currency's minor unit" }),
  lines: z.array(Line).max(1000).optional(),
  customer: Customer,
  shippingAddress: Address.optional(),
  billingAddress: Address.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
};

/**
 * An order's data in events, in requests to destinations and in templates. Only the customer's id is required. Unknown keys are
 * kept in `metadata`.
 */
export const OrderSnapshot = z
  .looseObject(knownKeys)
  .check(checkStorable)
  .transform(intoMetadata)
  .meta({ id: 'OrderSnapshot', description: 'The order. Unknown keys are kept in `metadata`' });
export type OrderSnapshot = z.output<typeof OrderSnapshot>;

/** A JSON merge patch (RFC 7386) on an order's data: `null` removes a key. Unknown keys go into `metadata`. */
export const OrderPatch = z
  .looseObject({
    currency: knownKeys.currency.nullable(),
    totalMinor: knownKeys.totalMinor.nullable(),
    lines: knownKeys.lines.nullable(),
    customer: CustomerPatch.optional(),
    shippingAddress: knownKeys.shippingAddress.nullable(),
    billingAddress: knownKeys.billingAddress.nullable(),
    metadata: knownKeys.metadata.nullable(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'must change something')
  .check(checkStorable)
  .transform(intoMetadata)
  .meta({ id: 'OrderPatch', description: 'A JSON merge patch (RFC 7386) on the order: `null` removes a key', minProperties: 1 });
export type OrderPatch = z.output<typeof OrderPatch>;

/** The change that led to a version. Destinations and templates get it together with the snapshot. */
export const OrderChange = z.object({
  from: OrderStatus.nullable(),
  to: OrderStatus,
  /** When the change occurred at the producer. */
  at: z.iso.datetime(),
  reason: z.string().optional(),
});
export type OrderChange = z.infer<typeof OrderChange>;

function intoMetadata<Data extends Record<string, unknown>>(data: Data): Pick<Data, keyof typeof knownKeys & keyof Data> {
  const known: Record<string, unknown> = {};
  const unknown: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(data)) (Object.hasOwn(knownKeys, key) ? known : unknown)[key] = value;
  if (Object.keys(unknown).length > 0) known.metadata = { ...unknown, ...(known.metadata as object | undefined) };
  return known as Pick<Data, keyof typeof knownKeys & keyof Data>;
}
