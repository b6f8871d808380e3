import { PermanentError } from '@orderly/errors';

const orderIdPlaceholder = '{orderId}';
// Between two slashes such an id is a path step, percent-encoded or not, and would address another resource.
const lonePlaceholderSegment = /\/\{orderId\}(?=[/?#]|$)/;

/**
 * The URL for one order.
 * @throws PermanentError `destination-refused` if the id is `.` or `..`, which no path segment can carry.
 */
export function fillUrl(template: string, orderId: string): URL {
  if (/^\.\.?$/.test(orderId) && lonePlaceholderSegment.test(template)) {
    throw new PermanentError('destination-refused', "An order id of nothing but dots cannot stand in the destination's URL");
  }
  return new URL(template.replaceAll(orderIdPlaceholder, encodeURIComponent(orderId)));
}

/** The fault of a URL template, if any. The text does not repeat the URL, which may hold a secret. */
export function findUrlFault(template: string): string | undefined {
  const stranger = template.replaceAll(orderIdPlaceholder, '').match(/[{}]/);
  if (stranger) return `may hold no placeholder but ${orderIdPlaceholder}`;
  const [url, other] = ['a', 'b'].map((id) => tryParse(template.replaceAll(orderIdPlaceholder, id)));
  if (!url || !other) return 'is not an absolute URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must start with https://';
  // Otherwise the producer of an order id would choose the host.
  if (url.origin !== other.origin) return `may hold ${orderIdPlaceholder} only behind the host`;
  if (url.username || url.password) return 'may hold no credentials: use auth';
  if (url.hash) return 'may hold no fragment';
  return undefined;
}

export const isPlainHttp = (template: string): boolean => /^\s*http:/i.test(template);

const tryParse = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);
