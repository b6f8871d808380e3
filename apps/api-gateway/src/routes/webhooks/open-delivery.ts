import { platformNames, platforms, type PlatformName, type VerifiedDelivery, type WebhookRequest } from '@orderly/platforms';
import { jsonPointer } from '../../http/json-pointer';
import { RequestRefused } from '../../http/request-refused';
import { checkEvent, type CheckedEvent } from '../../intake/check-event';

/** The settings of the platforms. */
export interface WebhookSettings {
  /** Secrets by platform. Several may be valid during a rotation. A platform without a secret is off. */
  readonly secrets: Readonly<Partial<Record<PlatformName, readonly string[]>>>;
  /** The Shopify shops that are served. Undefined serves every shop that signs with the secret. */
  readonly shopifyShops: readonly string[] | undefined;
}

/**
 * Reads the platform from the path.
 *
 * @throws RequestRefused `not-found` if the platform does not exist or is not set up
 */
export function platformOf(name: string, { secrets }: WebhookSettings): PlatformName {
  if (!isPlatform(name)) {
    throw new RequestRefused('not-found', { detail: `No platform has this name. Known platforms: ${platformNames.join(', ')}` });
  }
  if (!Object.hasOwn(secrets, name)) throw new RequestRefused('not-found', { detail: `The platform ${name} is not set up` });
  return name;
}

const isPlatform = (name: string): name is PlatformName => Object.hasOwn(platforms, name);

/** @throws RequestRefused `signature-invalid` unless the signature proves the sender */
export function verifyDelivery(
  name: PlatformName,
  request: WebhookRequest,
  { secrets, shopifyShops }: WebhookSettings,
): VerifiedDelivery {
  const verification = platforms[name].verify(request, secrets[name] ?? [], new Date());
  if (!verification.ok) throw signatureInvalid(verification.refusal.reason);
  const { delivery } = verification;
  if (name === 'shopify' && shopifyShops?.every((shop) => delivery.sender !== `shopify:${shop}`)) {
    throw signatureInvalid('This shop is not in the list of served shops');
  }
  return delivery;
}

/**
 * Maps a delivery to checked order events. An unused topic gives none.
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

/** Every 401 needs a challenge (RFC 9110). The IANA registry has no scheme for signed bodies, so the name is ours. */
const signatureInvalid = (detail: string): RequestRefused =>
  new RequestRefused('signature-invalid', { detail, headers: { 'www-authenticate': 'Signature' } });
