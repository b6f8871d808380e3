import type { AlertCause, PayloadOf, sendAlert } from '@orderly/contracts';
import { errorCodes } from '@orderly/errors';

type AlertFacts = PayloadOf<typeof sendAlert>;

/** An alert in words, for operators. It names jobs by their ids and holds no personal data. */
export interface AlertMessage {
  readonly subject: string;
  readonly text: string;
}

export interface AlertMessageOptions {
  /** The id of the job that sends it. A repeat of the same alert has the same id. */
  readonly id: string;
  /** The address of the gateway. Without it the calls are paths only. */
  readonly gatewayUrl?: string;
}

/** Says what happened, how often, for example where, and what to do next. */
export function alertMessage(facts: AlertFacts, { id, gatewayUrl = '' }: AlertMessageOptions): AlertMessage {
  const { title, happened, next } = causes[facts.cause](facts);
  const call = (path: string): string => `GET ${gatewayUrl}${path}`;
  const lines = [
    happened,
    whenOf(facts),
    facts.detail,
    isErrorCode(facts.code) && `Reason: ${facts.code}. ${errorCodes[facts.code]}`,
    facts.exampleId && `Example: ${call(`/v1/jobs/${facts.exampleId}`)}`,
    `What to do: ${next(call)}`,
    `Alert ${id}`,
  ];
  return { subject: `[Orderly] ${title}`, text: lines.filter((line) => line !== undefined && line !== false).join('\n') };
}

interface Words {
  readonly title: string;
  readonly happened: string;
  /** @param call - makes a call from a path of the API */
  readonly next: (call: (path: string) => string) => string;
}

const jobs = ({ count, previousAt }: AlertFacts): string =>
  `${count} ${previousAt === undefined ? '' : 'more '}${count === 1 ? 'job' : 'jobs'}`;

/** A state that came back while its window was open. */
const again = ({ count, previousAt }: AlertFacts): string =>
  previousAt === undefined ? '' : count === 1 ? ' again' : ` again, ${count} times`;

const deadLetters = (call: (path: string) => string, subject: string): string =>
  call(`/v1/dead-letters?fingerprint=${encodeURIComponent(subject)}`);

/** The filter takes the fingerprint. */
const redrive = 'send them again with POST /v1/dead-letters/redrive';

const causes: Readonly<Record<AlertCause, (facts: AlertFacts) => Words>> = {
  'dead-letters': (facts) => ({
    title: `Dead letters: ${facts.subject}`,
    happened: `${jobs(facts)} failed for good: ${facts.subject}.`,
    next: (call) => `${deadLetters(call, facts.subject)} lists them. Correct the cause, then ${redrive}.`,
  }),
  'poison-job': (facts) => ({
    title: `Poison job: ${facts.subject}`,
    happened: `${jobs(facts)} crashed the worker three times and will not run again: ${facts.subject}.`,
    next: (call) => `${deadLetters(call, facts.subject)} lists them. Look for crashes and memory limits in the worker's log.`,
  }),
  'destination-held': (facts) => ({
    title: `Destination held: ${facts.subject}`,
    happened: `The destination ${facts.subject} is held${again(facts)}. One job tries it every 60 seconds, and no attempt is used.`,
    next: (call) => `correct the credentials or the URL of the destination. ${call('/v1/queues')} shows the hold.`,
  }),
  'destination-released': (facts) => ({
    title: `Destination works again: ${facts.subject}`,
    happened: `The destination ${facts.subject} accepts requests${again(facts)}. Its jobs run.`,
    next: (call) => `nothing. ${call('/v1/queues')} shows how many jobs still wait.`,
  }),
  'queue-held': (facts) => ({
    title: `Queue held: ${facts.subject}`,
    happened: `The queue ${facts.subject} is held${again(facts)}. One job tries every 60 seconds, and no attempt is used.`,
    next: (call) => `correct the settings of the service that runs this queue. ${call('/v1/queues')} shows the hold.`,
  }),
  'queue-released': (facts) => ({
    title: `Queue works again: ${facts.subject}`,
    happened: `The queue ${facts.subject} runs${again(facts)}.`,
    next: (call) => `nothing. ${call('/v1/queues')} shows how many jobs still wait.`,
  }),
  'breaker-opened': (facts) => ({
    title: `Destination down: ${facts.subject}`,
    happened: `The breaker of ${facts.subject} opened${again(facts)}. Its jobs wait and use no attempt.`,
    next: (call) => `ask the partner. ${call('/v1/queues')} shows when the next probe is due.`,
  }),
  'breaker-closed': (facts) => ({
    title: `Destination is back: ${facts.subject}`,
    happened: `The breaker of ${facts.subject} closed${again(facts)}. Its jobs run.`,
    next: (call) => `nothing. ${call('/v1/queues')} shows how many jobs still wait.`,
  }),
  'schedule-missed': (facts) => ({
    title: `Cleanup missed: ${facts.subject}`,
    happened: `The cleanup task ${facts.subject} did not start when it was due${again(facts)}. It runs now.`,
    next: (call) => `look whether cleanup-cron was down. ${call(`/v1/jobs?name=${facts.subject}`)} shows its runs.`,
  }),
  'redis-evicting': () => ({
    title: 'Redis may delete jobs',
    happened: 'Redis may delete keys when its memory is full. Orderly adds lost jobs again, but with a delay.',
    next: () => 'set maxmemory-policy noeviction on the Redis server.',
  }),
  'redis-memory': () => ({
    title: 'Redis is nearly full',
    happened: 'Redis is near its memory limit. When it is full, no job can be queued until memory is free again.',
    next: (call) => `raise maxmemory, or find the queue that grows: ${call('/v1/queues')}.`,
  }),
  'wrong-api-keys': ({ count }) => ({
    title: 'Many wrong API keys',
    happened: `${count} requests had a wrong API key. Somebody may be guessing keys, or a producer has an old one.`,
    next: () => 'search the log of api-gateway for the code unauthenticated, and look for the sender at your proxy.',
  }),
  'forged-webhooks': ({ count, subject }) => ({
    title: `Many forged webhooks: ${subject}`,
    happened: `${count} webhooks of ${subject} had a signature that does not prove the sender.`,
    next: () => 'compare the secret on both sides. If it is right, somebody forges webhooks: look for the sender at your proxy.',
  }),
};

function whenOf({ firstAt, lastAt, previousAt }: AlertFacts): string {
  const when = firstAt === lastAt ? `At ${utc(firstAt)}.` : `From ${utc(firstAt)} to ${utc(lastAt)}.`;
  return previousAt === undefined ? when : `${when} The last alert about this was at ${utc(previousAt)}.`;
}

const utc = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

const isErrorCode = (code: string | undefined): code is keyof typeof errorCodes =>
  code !== undefined && Object.hasOwn(errorCodes, code);
