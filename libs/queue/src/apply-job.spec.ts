import { applyOrderEvent } from '@orderly/contracts';
import { DeferredError, RetryableError, ShutdownError } from '@orderly/errors';
import { createSoloGate, type ApplyJob, type ApplyResult, type DeliveredJob } from '@orderly/jobs';
import { createLogger, metrics } from '@orderly/observability';
import { applyJob } from './apply-job';
import type { Disposal } from './disposal';
import type { JobRunner } from './run-job';
import { createFakeLedger, livingProcess, type LedgerJobInput } from './testing';

function setup(apply: ApplyJob, timeoutMs = 30_000) {
  const fake = createFakeLedger();
  const stop = new AbortController();
  const runner: JobRunner = {
    queue: 'order-status',
    ledger: fake.ledger,
    jobs: {},
    gate: createSoloGate(),
    ...livingProcess(stop),
    logger: createLogger({ service: 'test', level: 'silent' }),
  };
  const policy = { ...applyOrderEvent.policy, timeoutMs };
  const run = async (job: LedgerJobInput = { name: 'apply-order-event' }) => {
    const id = await fake.insert(job);
    const disposal = await applyJob(id, { policy, apply }, runner);
    return { id, disposal, after: await fake.read(id), attempts: await fake.attempts(id) };
  };
  return { fake, stop, run };
}

const delivered = (id: string): DeliveredJob => ({
  id,
  name: 'apply-order-event',
  orderId: 'A',
  attemptsUsed: 0,
  waitMs: 5,
  traceparent: null,
  tracestate: null,
});
const answering =
  (result: ApplyResult): ApplyJob =>
  async ({ jobId, begin }) => {
    begin?.(delivered(jobId));
    return result;
  };
const failing =
  (error: unknown): ApplyJob =>
  async () => {
    throw error;
  };

describe('a delivery whose job is applied', () => {
  it.each<[ApplyResult, Disposal]>([
    [{ kind: 'ended', outcome: 'done', version: 1 }, { kind: 'finished' }],
    [{ kind: 'ended', outcome: 'dead', version: null, code: 'transition-not-allowed' }, { kind: 'finished' }],
    [{ kind: 'parked' }, { kind: 'finished' }],
    [{ kind: 'idle' }, { kind: 'finished' }],
    [{ kind: 'missing' }, { kind: 'finished' }],
    [
      { kind: 'later', delayMs: 70 },
      { kind: 'later', delayMs: 70 },
    ],
    [
      { kind: 'held', delayMs: 80 },
      { kind: 'held', delayMs: 80 },
    ],
  ])('as %j is neither claimed nor settled, because its transaction did both', async (result, disposal) => {
    const { fake, run } = setup(answering(result));
    const ran = await run();
    expect(ran.disposal).toEqual(disposal);
    expect(ran.after).toMatchObject({ state: 'runnable', tries: 0 });
    expect(fake.settlements).toEqual([]);
  });

  it('is counted by outcome, and a dead letter also by its code', async () => {
    const ended = jest.spyOn(metrics.jobsEnded, 'add');
    const dead = jest.spyOn(metrics.deadLetters, 'add');
    await setup(answering({ kind: 'ended', outcome: 'dead', version: null, code: 'order-unknown' })).run();
    const job = 'apply-order-event';
    expect(ended).toHaveBeenCalledWith({ job, queue: 'order-status', outcome: 'dead', reason: 'order-unknown' });
    expect(dead).toHaveBeenCalledWith({ job, code: 'order-unknown' });
  });
});

describe('a delivery that fails', () => {
  it('is charged to its job, which is claimed only then', async () => {
    const { run } = setup(failing(new RetryableError('job-failed', 'x', { retryAfterMs: 900 })));
    const { disposal, after, attempts } = await run();
    expect(disposal).toEqual({ kind: 'later', delayMs: 900 });
    expect(after).toMatchObject({ state: 'runnable', waitReason: 'retry', attemptsUsed: 1 });
    expect(attempts).toHaveLength(1);
  });

  it('uses no attempt if PostgreSQL stood in the way, or was too slow', async () => {
    const deferred = await setup(failing(new DeferredError('database-unavailable', 'x'))).run();
    const late = await setup(() => new Promise(() => undefined), 1).run();
    for (const { after, disposal } of [deferred, late]) {
      expect(after).toMatchObject({ state: 'runnable', waitReason: 'retry', attemptsUsed: 0, tries: 1 });
      expect(disposal).toMatchObject({ kind: 'later' });
    }
    expect(late.attempts).toMatchObject([{ outcome: 'retry', usedAttempt: false }]);
  });

  it.each(['event-missing', 'invalid-payload', 'unknown-job'] as const)('is a dead letter if it fails with %s', async (code) => {
    const { disposal, after } = await setup(answering({ kind: 'refused', code })).run();
    expect(disposal).toEqual({ kind: 'finished' });
    expect(after).toMatchObject({ state: 'ended', outcome: 'dead', errorCode: code });
  });

  it('is a dead letter after its last attempt', async () => {
    const { after } = await setup(failing(new Error('x'))).run({ name: 'apply-order-event', attemptsUsed: 4 });
    expect(after).toMatchObject({ state: 'ended', outcome: 'dead', errorCode: 'job-failed' });
  });

  it('is handed back without an attempt if the process stops', async () => {
    const { fake, run, stop } = setup(() => new Promise((_resolve, reject) => stop.signal.addEventListener('abort', reject)));
    const running = run();
    stop.abort(new ShutdownError());
    const { disposal, after } = await running;
    expect(disposal).toEqual({ kind: 'handed-back' });
    expect(after).toMatchObject({ attemptsUsed: 0, tries: 0 });
    expect(fake.settlements).toEqual([]);
  });

  it('is not charged if the job has ended meanwhile', async () => {
    const { fake, run } = setup(async ({ jobId }) => {
      const claim = await fake.ledger.claim({ jobId });
      if (claim.kind !== 'claimed') throw new Error(claim.kind);
      const attempt = { startedAt: new Date(), outcome: 'done', usedAttempt: true };
      await fake.ledger.settle({ job: claim.job, verdict: { kind: 'ended', outcome: 'done' }, attempt });
      throw new Error('its answer was lost');
    });
    const { disposal, after } = await run();
    expect(disposal).toEqual({ kind: 'finished' });
    expect(after).toMatchObject({ outcome: 'done', attemptsUsed: 1 });
  });
});
