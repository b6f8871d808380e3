import { z } from 'zod';

/** The changes that send a message to the customer; `created` is the order confirmation. */
export const notifyingKinds = ['created', 'shipped', 'delivered', 'cancelled', 'returned', 'refunded'] as const;

export const NotificationKind = z.enum(notifyingKinds);
export type NotificationKind = z.infer<typeof NotificationKind>;
