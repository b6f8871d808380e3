import type { Operation } from '../http/operation';

/** What the groups of calls are about, in the order in which the document shows them. */
export const tagDescriptions: Readonly<Record<string, string>> = {
  Events: 'What happened to orders, as producers send it, and what became of it.',
  Webhooks: 'What shops and other platforms send by themselves. Checked by its signature instead of a key.',
  Orders: 'Orders as they are now, what happened to them, and changes that a person asks for.',
  Messages: 'Notifications to customers: what was sent to whom, over which channel, and what came of it.',
  Jobs: 'Units of background work with their attempts and their ends, and dead letters: what failed for good.',
  Queues: 'What waits, what runs, and what is held back; pausing and resuming a queue or a destination.',
  Audit: 'Who did what to which order, queue or key, and why. Nobody can change it.',
  Operations: 'Counts of events, jobs, orders and messages.',
};

/** The tags that the operations use. */
export function tagsOf(operations: readonly Operation[]): { name: string; description?: string }[] {
  const used = new Set(operations.map(({ tag }) => tag));
  const described = Object.entries(tagDescriptions).map(([name, description]) => ({ name, description }));
  const others = [...used].filter((tag) => !Object.hasOwn(tagDescriptions, tag)).map((name) => ({ name }));
  return [...described.filter(({ name }) => used.has(name)), ...others];
}
