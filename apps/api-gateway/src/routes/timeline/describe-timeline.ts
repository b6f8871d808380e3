import { syncQueueName } from '@orderly/contracts';
import type { OpenJob, QueueFacts, Timeline, TimelineEntry } from '@orderly/read-model';
import { links } from '../links';
import { laneProgressOf } from './lane-progress';
import { progressOf, type Progress } from './progress';
import type { TimelineAnswer, TimelineEntryAnswer } from './schema';

/** Adds links to a timeline, and explains in words what each open job waits for. */
export function describeTimeline({ now, entries, ...order }: Timeline): TimelineAnswer {
  const { pending, parked, lanes, messages, queues } = now;
  const progress = (job: OpenJob): Progress => progressOf(job, queues.get(job.queue) ?? unknownQueue(job.queue), order.at);
  return {
    ...order,
    now: {
      pending: pending && { count: pending.count, first: progress(pending.job) },
      parked: [...parked],
      destinations: lanes.map((lane) => ({
        ...laneProgressOf(lane, queues.get(syncQueueName(lane.destination)), order.at),
        currentVersion: order.version,
      })),
      messages: messages.map(({ messageKind, channel, recipient, version, job }) => ({
        messageKind,
        channel,
        recipient,
        version,
        progress: progress(job),
      })),
    },
    entries: entries.map(withLinks),
    links: { order: links.order(order.orderId) },
  };
}

// A job may precede every process of its queue. It then shows as waiting for a worker.
const unknownQueue = (name: string): QueueFacts => ({ name, destination: null, paused: null, hold: null, workers: 0 });

function withLinks(entry: TimelineEntry): TimelineEntryAnswer {
  switch (entry.kind) {
    case 'event':
      return { ...entry, links: { event: links.event(entry.source, entry.id), job: links.job(entry.eventId) } };
    case 'delivery':
      return { ...entry, links: { job: links.job(entry.job) } };
    case 'message':
      return { ...entry, links: { job: links.job(entry.messageId) } };
    default:
      return entry;
  }
}
