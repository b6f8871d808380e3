import type { OrderSnapshot } from '@orderly/contracts';
import { singleLine } from './single-line';

type Address = NonNullable<OrderSnapshot['shippingAddress']>;

/**
 * Formats an address as lines, in the order of a letter. Producers choose the keys, and the ledger does not keep their order. Known
 * keys are sorted; if no key is known, all texts are shown in their current order.
 */
export function addressLines(address: Address): string[] {
  const valueOf = new Map<string, string>();
  for (const [key, value] of Object.entries(address)) {
    const text = typeof value === 'string' || typeof value === 'number' ? singleLine(String(value)) : '';
    if (text !== '') valueOf.set(key.toLowerCase().replaceAll(/[^a-z0-9]/g, ''), text);
  }
  const lines = letter
    .map((line) => line.map((names) => firstOf(names, valueOf)).filter((text) => text !== undefined))
    .filter((parts) => parts.length > 0)
    .map((parts) => parts.join(' '));
  return lines.length > 0 ? lines : [...valueOf.values()];
}

const firstOf = (names: readonly string[], valueOf: ReadonlyMap<string, string>): string | undefined =>
  names.map((name) => valueOf.get(name)).find((value) => value !== undefined);

/** The lines and their parts. Each part lists the names that producers use for it, in lower case and without punctuation. */
const letter: readonly (readonly (readonly string[])[])[] = [
  [['name', 'fullname', 'recipient']],
  [['company', 'organization']],
  [
    ['line1', 'address1', 'addressline1', 'street', 'street1', 'streetaddress', 'address'],
    ['housenumber', 'number'],
  ],
  [['line2', 'address2', 'addressline2', 'street2']],
  [
    ['postalcode', 'postcode', 'zip', 'zipcode'],
    ['city', 'town', 'locality'],
    ['province', 'state', 'region', 'provincecode'],
  ],
  [['country', 'countryname', 'countrycode']],
];
