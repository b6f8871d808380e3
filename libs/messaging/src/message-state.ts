/**
 * Where a message stands. SMTP's answer makes it `sent`; only a receipt can take it further. `unknown`: it was being sent when
 * its process or connection died, and nobody but a receipt or a person can tell whether it went out.
 */
export const messageStates = [
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'bounced-hard',
  'bounced-soft',
  'complained',
  'suppressed',
  'undeliverable',
  'unknown',
] as const;

export type MessageState = (typeof messageStates)[number];
