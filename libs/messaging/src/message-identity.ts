import { createHash } from 'node:crypto';
import type { NotificationKind, OrderId, Version } from '@orderly/contracts';

/** What makes a message the same message, however often it is made. */
export type MessageKey = {
  readonly orderId: OrderId;
  readonly version: Version;
  readonly kind: NotificationKind;
  /** The address as the order has it. */
  readonly recipient: string;
};

/** The same for the same key, in every process: 40 hexadecimal digits. */
export function messageIdentity({ orderId, version, kind, recipient }: MessageKey): string {
  // JSON keeps the parts apart, so that no two keys run together into the same text.
  return createHash('sha256')
    .update(JSON.stringify([orderId, version, kind, recipient]))
    .digest('hex')
    .slice(0, identityDigits);
}

/** The value of the header `Message-ID`: `<identity@domain>`. The domain should be one that the sender owns. */
export const messageIdHeader = (identity: string, domain: string): string => `<${identity}@${domain}>`;

/** 160 bits: no collisions, and the header stays within the 78 columns that mail lines should have. */
const identityDigits = 40;
