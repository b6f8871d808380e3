/**
 * The state of a message. SMTP's answer makes it `sent`; only a receipt changes it after that. `unknown`: the process or connection
 * died during the send, and only a receipt or a person can tell whether the message was sent.
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
