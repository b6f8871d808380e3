import { createHash } from 'node:crypto';
import type { NotificationKind, OrderId, Version } from '@orderly/contracts';

/** The facts that identify a message. A retry with the same facts is the same message. */
export type MessageKey = {
  readonly orderId: OrderId;
  readonly version: Version;
  readonly kind: NotificationKind;
  /** The address in the order, unchanged. */
  readonly recipient: string;
};

/** A deterministic identity: the same key gives the same 40 hexadecimal digits in every process. */
export function messageIdentity({ orderId, version, kind, recipient }: MessageKey): string {
  // JSON separates the parts, so two different keys cannot give the same text.
  return createHash('sha256')
    .update(JSON.stringify([orderId, version, kind, recipient]))
    .digest('hex')
    .slice(0, identityDigits);
}

/** The value of the header `Message-ID`: `<identity@domain>`. The sender should own the domain. */
export const messageIdHeader = (identity: string, domain: string): string => `<${identity}@${domain}>`;

/** 160 bits: no collisions, and the header fits the recommended 78 columns of mail lines. */
const identityDigits = 40;
