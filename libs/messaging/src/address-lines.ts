import type { OrderSnapshot } from '@orderly/contracts';
import { singleLine } from './single-line';

type Address = NonNullable<OrderSnapshot['shippingAddress']>;

/**
 * An address as lines to print, in the order of letters. The keys are the producer's, and the ledger does not keep their order:
 * known ones are put into place, and where none is known all texts are shown as they come.
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

/** Lines of parts; each part by the names that producers give it, without case and punctuation. */
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
