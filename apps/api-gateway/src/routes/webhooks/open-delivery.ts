import { platformNames, platforms, type PlatformName, type VerifiedDelivery, type WebhookRequest } from '@orderly/platforms';
import { jsonPointer } from '../../http/json-pointer';
import { RequestRefused } from '../../http/request-refused';
import { checkEvent, type CheckedEvent } from '../../intake/check-event';

/** What is known of the platforms that are set up. */
export interface WebhookSettings {
  /** By the platform's name; one without any is not set up. */
  readonly secrets: Readonly<Partial<Record<PlatformName, readonly string[]>>>;
  /** Shops of Shopify by name; undefined for all that have the secret. */
  readonly shopifyShops: readonly string[] | undefined;
}

/** The platform of a path. @throws RequestRefused `not-found` for one that does not exist or is not set up */
export function platformOf(name: string, { secrets }: WebhookSettings): PlatformName {
  if (!isPlatform(name)) {
    throw new RequestRefused('not-found', { detail: `No platform has this name: there are ${platformNames.join(', ')}` });
  }
  if (!Object.hasOwn(secrets, name)) throw new RequestRefused('not-found', { detail: `The platform ${name} is not set up` });
  return name;
}

const isPlatform = (name: string): name is PlatformName => Object.hasOwn(platforms, name);

/** @throws RequestRefused `signature-invalid` for everything of which it is not certain who sent it */
export function verifyDelivery(
  name: PlatformName,
  request: WebhookRequest,
  { secrets, shopifyShops }: WebhookSettings,
): VerifiedDelivery {
  const verification = platforms[name].verify(request, secrets[name] ?? [], new Date());
  if (!verification.ok) throw signatureInvalid(verification.refusal.reason);
  const { delivery } = verification;
  if (name === 'shopify' && shopifyShops?.every((shop) => delivery.sender !== `shopify:${shop}`)) {
    throw signatureInvalid('The shop is not one of those that are served');
  }
  return delivery;
}

/**
 * The order events of a delivery, fit for the ledger; none for a topic that is not used.
 *
 * @throws RequestRefused `validation-failed` or `payload-too-large`
 */
export function readDelivery(name: PlatformName, delivery: VerifiedDelivery): readonly CheckedEvent[] {
  const mapping = platforms[name].toEvents(delivery);
  if (mapping.ok) return (mapping.asSent ?? mapping.events).map((event) => checkEvent(event));
  const { reason, faults } = mapping.refusal;
  throw new RequestRefused('validation-failed', {
    detail: reason,
    faults: faults.map(({ path, detail }) => ({ pointer: jsonPointer(path), detail })),
  });
}

/** The challenge is required of every 401; no scheme of the registry is a signature of the body. */
const signatureInvalid = (detail: string): RequestRefused =>
  new RequestRefused('signature-invalid', { detail, headers: { 'www-authenticate': 'Signature' } });
