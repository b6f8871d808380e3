import type { OpenJob, QueueFacts } from '@orderly/read-model';
import { laneProgressOf } from './lane-progress';
import { progressOf } from './progress';

const now = new Date('2026-01-01T10:00:00Z');
const at = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

const job = (change: Partial<OpenJob> = {}): OpenJob => ({
  id: 'j',
  name: 'sync-order',
  queue: 'order-sync.erp',
  state: 'runnable',
  outcome: null,
  waitReason: null,
  runAt: at(-10),
  createdAt: at(-60),
  claimedAt: null,
  isLost: false,
  version: 2,
  attemptsUsed: 0,
  errorCode: null,
  errorMessage: null,
  responseStatus: null,
  traceId: null,
  ...change,
});
const queue = (change: Partial<QueueFacts> = {}): QueueFacts => ({
  name: 'order-sync.erp',
  destination: 'erp',
  paused: null,
  hold: null,
  workers: 2,
  ...change,
});

const pause = { since: at(-600), until: null, reason: 'they move', actor: 'ops key', onBehalfOf: 'ada' };
const unauthorized = { reason: 'destination-unauthorized', since: at(-300), until: at(30) };
const throttled = { reason: 'throttled', since: at(-3), until: at(7) };
const failed = { waitReason: 'retry', runAt: at(4), attemptsUsed: 2, errorCode: 'destination-failed', responseStatus: 502 };

describe('the progress of an open job', () => {
  it.each<[string, Partial<OpenJob>, Partial<QueueFacts>, object]>([
    ['that is due', {}, {}, { state: 'waiting', reason: { code: 'queued' }, nextTryAt: null, since: at(-10) }],
    ['that is not due', { runAt: at(5) }, {}, { state: 'waiting', reason: { code: 'delayed' }, nextTryAt: at(5), since: null }],
    ['that failed', failed, {}, { state: 'retrying', reason: { code: 'retry' }, nextTryAt: at(4), attemptsUsed: 2, attempts: 5 }],
    ['that runs', { state: 'running', claimedAt: at(-1) }, {}, { state: 'running', reason: null, since: at(-1) }],
    ['that runs while paused', { state: 'running', claimedAt: at(-1) }, { paused: pause }, { state: 'running', reason: null }],
    ['whose process died', { state: 'running', isLost: true }, {}, { state: 'waiting', reason: { code: 'process-lost' } }],
    ['of a paused queue', failed, { paused: pause, hold: throttled, workers: 0 }, { state: 'paused', nextTryAt: null }],
    ['of a held destination', {}, { hold: unauthorized }, { state: 'held', nextTryAt: at(30) }],
    ['of a throttled destination', { runAt: at(9) }, { hold: throttled }, { state: 'held', nextTryAt: at(9) }],
    [
      'of a held destination that may be tried',
      {},
      { hold: { ...unauthorized, until: at(-5) } },
      { state: 'held', nextTryAt: null },
    ],
    [
      'of a held destination that may be tried, but not yet by this job',
      { runAt: at(9) },
      { hold: { ...unauthorized, until: at(-5) } },
      { state: 'held', nextTryAt: at(9) },
    ],
    [
      'of a held destination that nobody works on',
      {},
      { hold: { ...unauthorized, until: at(-5) }, workers: 0 },
      { state: 'waiting', reason: { code: 'no-worker' }, nextTryAt: null },
    ],
    ['that nobody works on', failed, { workers: 0 }, { state: 'waiting', reason: { code: 'no-worker' }, nextTryAt: null }],
    ['that was handed back', { waitReason: 'handed-back', runAt: at(1) }, {}, { reason: { code: 'handed-back' } }],
    ['that was held', { waitReason: 'held', runAt: at(50) }, {}, { state: 'retrying', reason: { code: 'held' } }],
  ])('says what must change first: %s', (_what, jobChange, queueChange, expected) => {
    expect(progressOf(job(jobChange), queue(queueChange), now)).toMatchObject(expected);
  });

  it('is explained in words', () => {
    const textOf = (jobChange: Partial<OpenJob>, queueChange: Partial<QueueFacts>): string | undefined =>
      progressOf(job(jobChange), queue(queueChange), now).reason?.text;
    expect(textOf({}, { paused: pause })).toBe(
      'ada paused order-sync.erp at 2026-01-01T09:50:00.000Z ("they move"). No job starts until it is resumed.',
    );
    expect(textOf({}, { hold: unauthorized })).toBe(
      'The destination refused our credentials. All jobs for it have been waiting since 2026-01-01T09:55:00.000Z; one tries again at 2026-01-01T10:00:30.000Z.',
    );
    expect(textOf({}, { hold: { ...unauthorized, until: at(-5) } })).toBe(
      'The destination refused our credentials. All jobs for it have been waiting since 2026-01-01T09:55:00.000Z; the next one that is due tries again.',
    );
    expect(textOf(failed, {})).toBe(
      'The last try failed with destination-failed (2 of 5 attempts used). Next try at 2026-01-01T10:00:04.000Z.',
    );
    expect(textOf({}, { workers: 0 })).toBe('No live process serves order-sync.erp. Is its worker running?');
  });

  it('has the last error, even while the job runs again', () => {
    const again = job({ ...failed, state: 'running', claimedAt: now, errorMessage: 'Bad gateway' });
    expect(progressOf(again, queue(), now).lastError).toEqual({
      code: 'destination-failed',
      message: 'Bad gateway',
      responseStatus: 502,
    });
  });
});

describe('the progress of a lane', () => {
  const lane = (change: Partial<OpenJob> | null, isBlocked = false, ackedVersion = 1) =>
    laneProgressOf({ destination: 'erp', ackedVersion, isBlocked, job: change && job(change) }, queue(), now);

  it.each<[string, ReturnType<typeof lane>, object]>([
    ['in sync without any job', lane(null), { state: 'in-sync', job: null, reason: null }],
    ['in sync after the last delivery', lane({ state: 'ended', outcome: 'done' }, false, 2), { state: 'in-sync' }],
    ['in sync where a later delivery was superseded', lane({ state: 'ended', outcome: 'superseded' }), { state: 'in-sync' }],
    [
      'in sync where something newer arrived after a failure',
      lane({ state: 'ended', outcome: 'dead' }, false, 2),
      { state: 'in-sync' },
    ],
    [
      'failed after a dead letter',
      lane({ state: 'ended', outcome: 'dead' }),
      { state: 'failed', reason: { code: 'dead-letter' } },
    ],
    [
      'blocked by a dead letter',
      lane({ state: 'ended', outcome: 'dead' }, true),
      { state: 'blocked', attemptsUsed: 0, attempts: 5, reason: { code: 'dead-letter' } },
    ],
    [
      'blocked by an unknown outcome',
      lane({ state: 'ended', outcome: 'unknown' }, true),
      { state: 'blocked', job: 'j', reason: { code: 'outcome-unknown' } },
    ],
    ['waiting with its head', lane({}), { state: 'waiting', job: 'j', ackedVersion: 1 }],
  ])('is %s', (_what, progress, expected) => {
    expect(progress).toMatchObject(expected);
  });
});
