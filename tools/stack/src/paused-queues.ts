import { clock, quoted } from './hold-line';

export type PausedQueue = {
  name: string;
  /** Null for a queue without a destination. */
  destination: string | null;
  paused: { since: string; reason: string | null; actor: string | null; onBehalfOf: string | null };
};

/** The queues that a person has paused. With a data folder, a pause survives a restart of the stack. */
export async function readPausedQueues(gateway: string, apiKey: string): Promise<PausedQueue[]> {
  const response = await fetch(`${gateway}/v1/queues`, { headers: { authorization: `Bearer ${apiKey}` } });
  if (!response.ok) throw new Error(`The gateway did not return its queues: ${response.status} ${await response.text()}`);
  const { queues } = (await response.json()) as { queues: (Omit<PausedQueue, 'paused'> & Partial<PausedQueue>)[] };
  return queues.flatMap(({ name, destination, paused }) => (paused ? [{ name, destination, paused }] : []));
}

/** Describes a pause, and prints the call that resumes the queue. */
export function pausedLines({ name, paused }: PausedQueue, { gateway, apiKey }: { gateway: string; apiKey: string }): string[] {
  const actor = paused.onBehalfOf ?? paused.actor;
  const what = `${name} has been paused since ${clock(new Date(paused.since))}${actor ? `, by ${actor}` : ''}${quoted(paused.reason)}.`;
  return [
    `${what} To resume it:`,
    `curl -X POST ${gateway}/v1/queues/${encodeURIComponent(name)}/resume -H 'authorization: Bearer ${apiKey}'`,
  ];
}
