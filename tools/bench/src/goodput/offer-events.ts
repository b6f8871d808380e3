import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Target {
  readonly url: string;
  readonly key: string;
  readonly signal: AbortSignal;
}

/** By rate: as many per second, whatever the answers. By senders: each sends its next event after its answer. */
export type Load = { readonly seconds: number } & ({ readonly rate: number } | { readonly senders: number });

/** What became of the events that were offered. */
export interface Offered {
  readonly seconds: number;
  readonly offered: number;
  readonly accepted: number;
  readonly overloaded: number;
  /** Accepted in each tenth of the time. */
  readonly tenths: readonly number[];
  readonly medianMs: number;
  readonly p99Ms: number;
}

const tickMs = 10;
/** A caller that hears nothing for so long gives up. */
const timeoutMs = 10_000;

/** Sends single events, each of an order of its own, and waits for all answers. */
export async function offerEvents({ url, key, signal }: Target, load: Load): Promise<Offered> {
  const agent = new Agent({ keepAlive: true });
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  const isOver = (): boolean => signal.aborted || elapsedMs() >= load.seconds * 1000;
  const times: number[] = [];
  const tenths = Array.from({ length: 10 }, () => 0);
  let [offered, overloaded] = [0, 0];

  const send = async (): Promise<void> => {
    offered += 1;
    const sentAt = elapsedMs();
    const answer = await postEvent(agent, url, key).catch(() => '');
    if (answer === 'overloaded') overloaded += 1;
    if (answer !== 'accepted') return;
    times.push(elapsedMs() - sentAt);
    const tenth = Math.min(Math.floor(elapsedMs() / (load.seconds * 100)), 9);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  };

  if ('senders' in load) {
    const sendOn = async (): Promise<void> => {
      while (!isOver()) await send();
    };
    await Promise.all(Array.from({ length: load.senders }, sendOn));
  } else {
    const underWay: Promise<void>[] = [];
    while (!isOver()) {
      while (offered < (elapsedMs() * load.rate) / 1000) underWay.push(send());
      await pause(tickMs);
    }
    await Promise.all(underWay);
  }
  agent.destroy();
  times.sort((a, b) => a - b);
  const seconds = 'senders' in load ? elapsedMs() / 1000 : load.seconds;
  return { seconds, offered, accepted: times.length, overloaded, tenths, medianMs: at(times, 0.5), p99Ms: at(times, 0.99) };
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;

/** @returns `accepted`, or the code of the problem */
function postEvent(agent: Agent, url: string, key: string): Promise<string> {
  const id = randomUUID();
  const body = JSON.stringify({
    ...{ id, source: 'bench', type: 'order.created', orderId: id, occurredAt: '2026-01-01T00:00:00Z' },
    data: { customer: { id: 'c-1' } },
  });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const posting = request(new URL('/v1/events', url), { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = JSON.parse(Buffer.concat(chunks).toString()) as { status: unknown; code?: string };
        resolve(answer.code ?? String(answer.status));
      });
      response.on('error', reject);
    });
    posting.on('timeout', () => posting.destroy(new Error('no answer')));
    posting.on('error', reject);
    posting.end(body);
  });
}
