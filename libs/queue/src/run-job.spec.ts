import { syncOrder, type JobPolicy } from '@orderly/contracts';
import {
  ConfigurationError,
  PermanentError,
  RetryableError,
  ShutdownError,
  ThrottledError,
  UnknownOutcomeError,
} from '@orderly/errors';
import { createSoloGate, done, skipped, type JobHandler, type Verdict } from '@orderly/jobs';
import { createLogger, metrics } from '@orderly/observability';
import { bindJob } from './bind-job';
import type { Disposal } from './disposal';
import { runJob, type JobRunner } from './run-job';
import { createFakeLedger, livingProcess, type LedgerJobInput } from './testing';

type Handler = JobHandler<typeof syncOrder>;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const turns = async (): Promise<void> => {
  for (let count = 0; count < 10; count++) await turn();
};

function setup(handler: Handler = async () => done({ resultVersion: 1 }), policy: Partial<JobPolicy> = {}) {
  const fake = createFakeLedger();
  const stop = new AbortController();
  const definition = { ...syncOrder, policy: { ...syncOrder.policy, ...policy } };
  const calls: string[] = [];
  const runner: JobRunner = {
    queue: 'order-sync.erp',
    ledger: fake.ledger,
    jobs: {
      'sync-order': bindJob(definition, (context) => {
        calls.push(context.job.id);
        return handler(context);
      }),
    },
    gate: createSoloGate(),
    ...livingProcess(stop),
    logger: createLogger({ service: 'test', level: 'silent' }),
  };
  const run = async (job?: LedgerJobInput, override: Partial<JobRunner> = {}) => {
    const id = await fake.insert(job);
    const disposal = await runJob(id, { ...runner, ...override });
    return { id, disposal, after: await fake.read(id), attempts: await fake.attempts(id) };
  };
  return { fake, stop, runner, calls, run };
}

const throwing =
  (error: unknown): Handler =>
  async () => {
    throw error;
  };
const untilAborted: Handler = ({ signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('an attempt', () => {
  it('ends the job with the result of the handler when it is done', async () => {
    const { fake, run } = setup(async () =>
      done({ resultVersion: 7, log: { responseStatus: 200 }, message: { state: 'sent', providerId: 'm-1' } }),
    );
    const { disposal, after } = await run();
    expect(disposal).toEqual({ kind: 'finished' });
    expect(after).toMatchObject({ state: 'ended', outcome: 'done', attemptsUsed: 1 });
    expect(fake.settlements).toEqual([
      expect.objectContaining({
        verdict: { kind: 'ended', outcome: 'done', resultVersion: 7 },
        attempt: expect.objectContaining({ responseStatus: 200, versionSent: 1 }),
        message: { state: 'sent', providerId: 'm-1' },
      }),
    ]);
  });

  it.each([
    ['skipped', skipped('nobody to tell')],
    ['superseded', skipped('newer was sent', { outcome: 'superseded' })],
  ] as const)('ends the job when it is %s', async (outcome, result) => {
    const { after, disposal } = await setup(async () => result).run();
    expect(after).toMatchObject({ state: 'ended', outcome });
    expect(disposal).toEqual({ kind: 'finished' });
  });

  const table: readonly [string, unknown, object, Disposal][] = [
    [
      'a retryable error',
      new RetryableError('destination-failed', 'x', { retryAfterMs: 900 }),
      { state: 'runnable', waitReason: 'retry', attemptsUsed: 1 },
      { kind: 'later', delayMs: 900 },
    ],
    [
      'a permanent error',
      new PermanentError('destination-refused', 'x'),
      { outcome: 'dead', attemptsUsed: 1, errorCode: 'destination-refused', fingerprint: 'destination-refused:erp' },
      { kind: 'finished' },
    ],
    [
      'a throttled error',
      new ThrottledError('destination-throttled', 'x', { retryAfterMs: 800 }),
      { state: 'runnable', waitReason: 'throttled', attemptsUsed: 0 },
      { kind: 'later', delayMs: 800, holdMs: 800 },
    ],
    [
      'a configuration error',
      new ConfigurationError('destination-unauthorized', 'x'),
      { state: 'runnable', waitReason: 'held', attemptsUsed: 0 },
      { kind: 'later', delayMs: 60_000, holdMs: 60_000 },
    ],
    [
      'an unknown outcome',
      new UnknownOutcomeError('destination-outcome-unknown', 'x'),
      { outcome: 'unknown', attemptsUsed: 1 },
      { kind: 'finished' },
    ],
    [
      'the end of the process',
      new ShutdownError(),
      { state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0 },
      { kind: 'handed-back' },
    ],
  ];
  it.each(table)(
    'is settled by its error class, and BullMQ is told, when it fails with %s',
    async (_name, error, after, disposal) => {
      const result = await setup(throwing(error)).run();
      expect(result.after).toMatchObject(after);
      expect(result.disposal).toEqual(disposal);
    },
  );

  it.each([new Error('x'), 'x', undefined, null])('is retried when it fails with an unknown error (%j)', async (error) => {
    const { after, disposal } = await setup(throwing(error)).run();
    expect(after).toMatchObject({ state: 'runnable', waitReason: 'retry', attemptsUsed: 1, errorCode: 'job-failed' });
    expect(disposal).toEqual({ kind: 'later', delayMs: expect.any(Number) });
  });

  it('is the last if it is the fifth that fails, and not if it is the fourth', async () => {
    const { run } = setup(throwing(new RetryableError('destination-failed', 'x')));
    expect((await run({ attemptsUsed: 3 })).after).toMatchObject({ state: 'runnable', attemptsUsed: 4 });
    expect((await run({ attemptsUsed: 4 })).after).toMatchObject({ outcome: 'dead', attemptsUsed: 5 });
  });

  it.each([
    ['ambiguous', true, new RetryableError('destination-timeout', 'x', { details: { ambiguous: true } }), true],
    ['definite', true, new RetryableError('destination-conflict', 'x'), false],
    ['an effect that was done', true, undefined, false],
    ['before its effect began', false, new RetryableError('destination-timeout', 'x', { details: { ambiguous: true } }), false],
  ] as const)('leaves the job ambiguous, or not, depending on the failure (%s)', async (_how, hasBegun, error, leavesDoubt) => {
    const { fake, run } = setup(async ({ effectBegins }) => {
      if (hasBegun) effectBegins();
      if (error) throw error;
      return done();
    });
    await run();
    expect(fake.settlements[0]).toMatchObject({ leavesDoubt });
  });

  it('passes on the consequences of a verdict for lane and message', async () => {
    const afterwards = (verdict: Verdict) => ({ laneStep: verdict.kind === 'dead' ? ('block' as const) : ('next' as const) });
    const { fake, run } = setup(throwing(new PermanentError('destination-refused', 'x')));
    await run({}, { afterwards });
    expect(fake.settlements[0]).toMatchObject({ laneStep: 'block' });
  });

  it('is counted and measured by job, queue, outcome and reason', async () => {
    const ended = jest.spyOn(metrics.jobsEnded, 'add');
    const dead = jest.spyOn(metrics.deadLetters, 'add');
    const duration = jest.spyOn(metrics.jobDuration, 'record');
    await setup().run();
    await setup(throwing(new PermanentError('destination-refused', 'x'))).run();
    const labels = { job: 'sync-order', queue: 'order-sync.erp' };
    expect(ended.mock.calls.map(([call]) => call)).toEqual([
      { ...labels, outcome: 'done', reason: 'none' },
      { ...labels, outcome: 'dead', reason: 'destination-refused' },
    ]);
    expect(dead).toHaveBeenCalledWith({ job: 'sync-order', code: 'destination-refused' });
    expect(duration).toHaveBeenCalledTimes(2);
    jest.restoreAllMocks();
  });
});

describe('a job that cannot be handled', () => {
  it('is a dead letter, never completed, if its payload does not parse', async () => {
    const { calls, run } = setup();
    const { after } = await run({ payload: { destination: 'erp', orderId: 'A-1', version: 'one' } });
    expect(after).toMatchObject({ outcome: 'dead', errorCode: 'invalid-payload' });
    expect(calls).toEqual([]);
  });

  it('does not show values of a payload that does not parse', async () => {
    const { fake, run } = setup();
    await run({ payload: { destination: 'erp', orderId: 'A-1', version: 'ann@example.com' } });
    expect(JSON.stringify({ ...fake.settlements[0], job: undefined })).not.toContain('ann@example.com');
  });

  it.each(['no-such-job', 'send-notification', 'toString'])('is a dead letter if no handler has its name: %s', async (name) => {
    const { after } = await setup().run({ name });
    expect(after).toMatchObject({ outcome: 'dead', errorCode: 'unknown-job' });
  });

  it('is dropped and counted if the ledger does not know it', async () => {
    const dropped = jest.spyOn(metrics.jobsDropped, 'add');
    const { runner } = setup();
    expect(await runJob('01890a5d-ac96-774b-bcce-b302099a8057', runner)).toEqual({ kind: 'finished' });
    expect(dropped).toHaveBeenCalledWith({ queue: 'order-sync.erp', reason: 'missing' });
    jest.restoreAllMocks();
  });
});

describe('a settlement that the ledger refuses', () => {
  const textOf = (value: unknown): string => JSON.stringify(value);

  it('because of the text of a partner is written without the text, and keeps the outcome', async () => {
    const { fake, run } = setup(async () =>
      done({
        resultVersion: 1,
        log: { responseExcerpt: 'unstorable', responseStatus: 200 },
        message: { state: 'sent', reason: 'unstorable' },
      }),
    );
    fake.refuse((settlement) => textOf(settlement).includes('unstorable'));
    const { after, disposal } = await run();
    expect(after).toMatchObject({ outcome: 'done', attemptsUsed: 1 });
    expect(fake.settlements[0]).toMatchObject({ attempt: { responseStatus: 200 }, message: { state: 'sent' } });
    expect(disposal).toEqual({ kind: 'finished' });
  });

  it('because of the text of a dead letter keeps its code', async () => {
    const { fake, run } = setup(throwing(new PermanentError('destination-refused', 'unstorable')));
    fake.refuse((settlement) => textOf(settlement).includes('unstorable'));
    expect((await run()).after).toMatchObject({ outcome: 'dead', errorCode: 'destination-refused' });
  });

  /** Runs a job while the ledger refuses its settlement for the time of all tries. */
  async function runThroughAllTries(run: () => ReturnType<ReturnType<typeof setup>['run']>) {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const running = run();
      await turns();
      await jest.advanceTimersByTimeAsync(60_000);
      return await running;
    } finally {
      jest.useRealTimers();
    }
  }

  it('twice for another reason is retried until it is accepted, and the effect is not repeated', async () => {
    const { fake, calls, run } = setup(async () => done({ resultVersion: 1, log: { confirmationId: 'c-1' } }));
    let tries = 0;
    fake.refuse(() => (tries += 1) <= 2);
    expect((await run()).after).toMatchObject({ outcome: 'done', attemptsUsed: 1, tries: 1 });
    expect(fake.settlements[0]).toMatchObject({ attempt: { confirmationId: 'c-1' } });
    expect(calls).toHaveLength(1);
  });

  it('for good ends unknown if the effect took place, with the consequences for lane and message', async () => {
    const afterwards = (verdict: Verdict) =>
      verdict.kind === 'ended' && verdict.outcome === 'unknown' ? { laneStep: 'block' as const } : {};
    const { fake, calls, run } = setup();
    fake.refuse(({ verdict }) => verdict.kind === 'ended' && verdict.outcome === 'done');
    const { after, disposal } = await runThroughAllTries(() => run({}, { afterwards }));
    expect(after).toMatchObject({
      state: 'ended',
      outcome: 'unknown',
      attemptsUsed: 1,
      errorCode: 'destination-outcome-unknown',
    });
    expect(fake.settlements[0]).toMatchObject({ laneStep: 'block' });
    expect(disposal).toEqual({ kind: 'finished' });
    expect(calls).toHaveLength(1);
  });

  it('for good is a failed attempt if there was no effect, so the job does not stay running for ever', async () => {
    const { fake, run } = setup(async () => skipped('nobody to tell'));
    fake.refuse(({ verdict }) => verdict.kind === 'ended');
    const { after, disposal } = await runThroughAllTries(run);
    expect(after).toMatchObject({ state: 'runnable', waitReason: 'retry', attemptsUsed: 1, errorCode: 'job-failed' });
    expect(disposal).toMatchObject({ kind: 'later' });
  });

  it('is not reworded while the process stops, because nobody waits for the servers then', async () => {
    const { fake, stop, run } = setup(async () => {
      stop.abort(new ShutdownError());
      return done();
    });
    let tries = 0;
    fake.refuse(() => (tries += 1) > 0);
    await expect(run()).rejects.toThrow();
    expect(tries).toBe(1);
  });
});

describe('the signal of an attempt', () => {
  it('is aborted at the timeout, and the attempt counts', async () => {
    const { after } = await setup(untilAborted, { timeoutMs: 20 }).run();
    expect(after).toMatchObject({ state: 'runnable', waitReason: 'retry', attemptsUsed: 1, errorCode: 'job-timeout' });
  });

  it('is aborted when the process stops, and the job is handed back without using an attempt', async () => {
    const { stop, run } = setup(({ signal, ...rest }) => {
      setImmediate(() => stop.abort(new ShutdownError()));
      return untilAborted({ signal, ...rest });
    });
    const { after, disposal, attempts } = await run();
    expect(after).toMatchObject({ state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0 });
    expect(disposal).toEqual({ kind: 'handed-back' });
    expect(attempts).toEqual([{ number: 1, outcome: 'handed-back', usedAttempt: false }]);
  });

  it('decides by its reason, whatever error the handler throws because of it', async () => {
    const { stop, run } = setup(({ signal }) => {
      setImmediate(() => stop.abort(new ShutdownError()));
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new DOMException('This operation was aborted', 'AbortError'))),
      );
    });
    expect((await run()).after).toMatchObject({ waitReason: 'handed-back', attemptsUsed: 0 });
  });

  it('does not override a definite answer that came at the same time', async () => {
    const { stop, run } = setup(async () => {
      stop.abort(new ShutdownError());
      return done();
    });
    expect((await run()).after).toMatchObject({ outcome: 'done' });
    const refused = setup(async () => {
      refused.stop.abort(new ShutdownError());
      throw new PermanentError('destination-refused', 'x');
    });
    expect((await refused.run()).after).toMatchObject({ outcome: 'dead' });
  });

  it('prevents an effect as soon as it is aborted or the heartbeat is too old, even before a timer fires', async () => {
    const effects: string[] = [];
    const heartbeat = { signal: () => new AbortController().signal, isFresh: () => false };
    const { run } = setup(async ({ job, effectBegins }) => {
      effectBegins();
      effects.push(job.id);
      return done();
    });
    const { after, disposal } = await run({}, { heartbeat });
    expect(after).toMatchObject({ state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0 });
    expect(disposal).toEqual({ kind: 'handed-back' });
    expect(effects).toEqual([]);
  });

  it('prevents the call of the handler if it is already aborted', async () => {
    const { stop, calls, run } = setup();
    stop.abort(new ShutdownError());
    expect((await run()).after).toMatchObject({ waitReason: 'handed-back', attemptsUsed: 0 });
    expect(calls).toEqual([]);
  });

  it.each([
    ['retry', true, { waitReason: 'retry', attemptsUsed: 1, errorCode: 'job-timeout' }],
    ['unknown', false, { waitReason: 'retry', attemptsUsed: 1, errorCode: 'job-timeout' }],
    ['unknown', true, { outcome: 'unknown' }],
  ] as const)(
    'is waited for until the grace ends, if the handler ignores it (whenLost %s, effect begun: %s)',
    async (whenLost, hasBegun, after) => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
      try {
        const { run } = setup(
          ({ effectBegins }) => {
            if (hasBegun) effectBegins();
            return new Promise(() => undefined);
          },
          { timeoutMs: 1000, whenLost },
        );
        const result = run();
        await turns();
        await jest.advanceTimersByTimeAsync(5900);
        let isOver = false;
        void result.then(() => (isOver = true));
        await turns();
        expect(isOver).toBe(false);
        await jest.advanceTimersByTimeAsync(200);
        expect((await result).after).toMatchObject(after);
        expect(jest.getTimerCount()).toBe(0);
      } finally {
        jest.useRealTimers();
      }
    },
  );

  it('leaves no timer and no listener behind', async () => {
    const { stop, run } = setup();
    const removed = jest.spyOn(stop.signal, 'removeEventListener');
    const added = jest.spyOn(stop.signal, 'addEventListener');
    await run();
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed).toHaveBeenCalledTimes(1);
  });
});
