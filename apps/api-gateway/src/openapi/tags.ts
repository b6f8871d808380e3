import type { Operation } from '../http/operation';

/** The groups of operations, in the order in which the document shows them. */
export const tagDescriptions: Readonly<Record<string, string>> = {
  Events: 'Order events from producers, and their outcomes.',
  Webhooks: 'Deliveries that shops and other platforms send. A signature authenticates them instead of a key.',
  Orders: 'The current state of orders, their history, and manual changes.',
  Messages: 'Notifications to customers: recipient, channel, content and outcome.',
  Jobs: 'Units of background work with their attempts and outcomes.',
  'Dead letters': 'Jobs that failed for good: find them, send them again, or give them up.',
  Queues: 'Waiting, running and held jobs. Pause and resume a queue or a destination.',
  Audit: 'Who did what to which order, queue or key, and why. Entries cannot be changed.',
  Operations: 'Counts of events, jobs, orders and messages.',
};

/** The tags that the operations use: described ones first, in the order above, then the others. */
export function tagsOf(operations: readonly Operation[]): { name: string; description?: string }[] {
  const used = new Set(operations.map(({ tag }) => tag));
  const described = Object.entries(tagDescriptions).map(([name, description]) => ({ name, description }));
  const others = [...used].filter((tag) => !Object.hasOwn(tagDescriptions, tag)).map((name) => ({ name }));
  return [...described.filter(({ name }) => used.has(name)), ...others];
}
