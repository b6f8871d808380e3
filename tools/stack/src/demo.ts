import colors from 'picocolors';
import { setTimeout as pause } from 'node:timers/promises';
import type { Mailbox } from './mailbox';
import { pausedLines, readPausedQueues, type PausedQueue } from './paused-queues';
import type { Terminal } from './terminal';

export type DemoTarget = {
  gateway: string;
  apiKey: string;
  /** The partners that are destinations of this stack; empty if the caller has a destinations file of their own. */
  partners: Record<string, string>;
  mailbox: Mailbox;
};

type Step = { title: string; type: string; data: object; status: string; hasMail: boolean };
type Seen = { status?: string; version?: number; partners: Record<string, number | undefined>; mail?: string };

/** The demo continues with the next step after this time, so that a failing step cannot block it. */
const patienceMs = 15_000;

/** Sends the life of a sample order through the HTTP API and shows the result of each step. It does not wait for paused queues. */
export async function runDemo(everything: DemoTarget, terminal: Terminal): Promise<void> {
  const paused = await readPausedQueues(everything.gateway, everything.apiKey);
  for (const queue of paused) pausedLines(queue, everything).forEach((line) => terminal.line(line));
  if (paused.length > 0) terminal.line();
  const isPaused = (name: string): boolean => paused.some((queue) => queue.name === name);
  if (isPaused('order-status')) {
    terminal.line('No sample order is sent, because order-status is paused.\n');
    return;
  }
  const target = { ...everything, partners: unpausedPartners(everything.partners, paused) };
  const hasMail = !isPaused('notifications');
  const orderId = `demo-${Date.now().toString(36)}`;
  const email = `${orderId}@example.com`;
  terminal.line(`The life of a sample order, ${colors.bold(orderId)}:`);
  for (const [index, life] of stepsFor(email).entries()) {
    const step = { ...life, hasMail: life.hasMail && hasMail };
    const version = index + 1;
    const startedAt = performance.now();
    await post(target, { id: `${orderId}-${version}`, orderId, type: step.type, data: step.data });
    const seen = await outcomeOf(target, { orderId, email, step, version });
    terminal.line(
      `  ${step.title.padEnd(10)} ${describe(seen, step, version)} ${colors.dim(`${Math.round(performance.now() - startedAt)} ms`)}`,
    );
  }
  terminal.line();
}

const unpausedPartners = (partners: Record<string, string>, paused: PausedQueue[]): Record<string, string> =>
  Object.fromEntries(Object.entries(partners).filter(([name]) => !paused.some(({ destination }) => destination === name)));

function stepsFor(email: string): Step[] {
  const created = {
    ...{ currency: 'EUR', totalMinor: 4_980 },
    lines: [{ sku: 'MUG-1', name: 'Enamel mug', quantity: 2, unitPriceMinor: 2_490 }],
    customer: { id: 'demo-customer', name: 'Ada Demo', email },
  };
  const change = (status: string, hasMail: boolean): Step => ({
    ...{ title: status, type: 'order.status_changed', data: { status }, status, hasMail },
  });
  return [
    { title: 'created', type: 'order.created', data: created, status: 'pending', hasMail: true },
    change('confirmed', false),
    change('shipped', true),
    change('delivered', true),
  ];
}

async function post(
  { gateway, apiKey }: DemoTarget,
  event: { id: string; orderId: string; type: string; data: object },
): Promise<void> {
  const response = await fetch(`${gateway}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ source: 'demo', occurredAt: new Date().toISOString(), ...event }),
  });
  if (response.status !== 202)
    throw new Error(`The gateway did not accept the demo's event: ${response.status} ${await response.text()}`);
}

// The complete result of the step, or the partial result after patienceMs.
async function outcomeOf(
  target: DemoTarget,
  { orderId, email, step, version }: { orderId: string; email: string; step: Step; version: number },
): Promise<Seen> {
  const end = Date.now() + patienceMs;
  const mailsDue = stepsFor(email)
    .slice(0, version)
    .filter(({ hasMail }) => hasMail).length;
  for (;;) {
    const [order, mails, ...versions] = await Promise.all([
      read(`${target.gateway}/v1/orders/${orderId}`, target.apiKey),
      step.hasMail ? target.mailbox.messages({ to: email }) : [],
      ...Object.values(target.partners).map((url) => read(`${url}/orders/${orderId}`)),
    ]);
    const names = Object.keys(target.partners);
    const partners = Object.fromEntries(names.map((name, index) => [name, versions[index]?.version]));
    const seen: Seen = { ...order, partners, mail: mails.length >= mailsDue ? mails.at(-1)?.subject : undefined };
    const isDone = seen.version === version && Object.values(partners).every((told) => told === version);
    if ((isDone && (!step.hasMail || seen.mail !== undefined)) || Date.now() > end) return seen;
    await pause(10);
  }
}

async function read(url: string, apiKey?: string): Promise<{ status?: string; version?: number } | undefined> {
  try {
    const response = await fetch(url, apiKey === undefined ? {} : { headers: { authorization: `Bearer ${apiKey}` } });
    return response.ok ? ((await response.json()) as { status?: string; version?: number }) : undefined;
  } catch {
    return undefined; // a service that is restarting: the next poll finds it
  }
}

function describe(seen: Seen, step: Step, version: number): string {
  const isApplied = seen.version === version;
  const state = isApplied ? `order is ${seen.status}, version ${seen.version}` : colors.yellow('not applied yet');
  const partners = Object.entries(seen.partners).map(([name, told]) =>
    told === version
      ? `${name} got version ${told}`
      : colors.yellow(`${name} has ${told === undefined ? 'nothing' : `version ${told}`}`),
  );
  const mail = !step.hasMail ? [] : seen.mail === undefined ? [colors.yellow('no mail yet')] : [`mail “${seen.mail}”`];
  return [state, ...partners, ...mail].join(' · ');
}
