import { syncOrder, type JobPolicy } from '@orderly/contracts';
import { done, createSoloGate, type ClaimedJob, type JobHandler } from '@orderly/jobs';
import { createLogger } from '@orderly/observability';
import { bindJob } from './bind-job';
import { createClaimKeeper } from './claim-keeper';
import { runJob, type JobRunner } from './run-job';
import { createFakeLedger, livingProcess } from './testing';

const logger = createLogger({ service: 'test', level: 'silent' });

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

/** A process with a keeper; `look` makes it compare its claims with the ledger once. */
function setup(handler: JobHandler<typeof syncOrder> = async () => done(), policy: Partial<JobPolicy> = {}) {
  const fake = createFakeLedger();
  const runner: JobRunner = {
    queue: 'order-sync.erp',
    ledger: fake.ledger,
    jobs: { 'sync-order': bindJob({ ...syncOrder, policy: { ...syncOrder.policy, ...policy } }, handler) },
    gate: createSoloGate(),
    ...livingProcess(),
    logger,
  };
  const look = async (heldClaims = async () => fake.running()): Promise<void> => {
    const keeper = createClaimKeeper({
      ledger: { heldClaims },
      claims: runner.claims,
      runners: [runner],
      logger,
      drainMs: 100,
      onDrainTimeout: () => undefined,
    });
    await keeper.start();
    await jest.advanceTimersByTimeAsync(3000);
    await keeper.stop();
  };
  /** Commits a claim in the ledger whose answer never arrives. */
  const loseAnswer = async (job?: Parameters<typeof fake.insert>[0]): Promise<ClaimedJob> => {
    const claim = await fake.ledger.claim({ jobId: await fake.insert(job) });
    return (claim as Extract<typeof claim, { kind: 'claimed' }>).job;
  };
  return { fake, runner, look, loseAnswer };
}

describe('a claim that nobody in the process works on', () => {
  it('is given up: the job is runnable, and no attempt was used or logged', async () => {
    const { fake, look, loseAnswer } = setup();
    const { id } = await loseAnswer();
    await look();
    expect(await fake.read(id)).toMatchObject({ state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0 });
    expect(await fake.attempts(id)).toEqual([]);
  });

  it('ends unknown if it had taken over a lost try with an effect that cannot be repeated', async () => {
    const { fake, look, loseAnswer } = setup(undefined, { whenLost: 'unknown' });
    const { id } = await loseAnswer();
    await fake.killClaimant(id);
    await fake.ledger.claim({ jobId: id });
    await look();
    expect(await fake.read(id)).toMatchObject({ state: 'ended', outcome: 'unknown', attemptsUsed: 0 });
  });

  it.each([
    ['unknown', { state: 'ended', outcome: 'unknown', attemptsUsed: 1 }],
    ['retry', { state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0 }],
  ] as const)('is settled as its whenLost says (%s) if its effect had begun', async (whenLost, after) => {
    const { fake, runner, look } = setup(
      async ({ effectBegins }) => {
        effectBegins();
        return done();
      },
      { whenLost },
    );
    const id = await fake.insert();
    const broken = {
      ...runner,
      afterwards: () => {
        throw new TypeError('a fault of the code');
      },
    };
    await expect(runJob(id, broken)).rejects.toThrow(TypeError);
    await look();
    expect(await fake.read(id)).toMatchObject(after);
  });

  it('is settled as soon as the ledger accepts it, after the ledger refused everything', async () => {
    const { fake, runner, look } = setup();
    const id = await fake.insert();
    fake.refuse(() => true);
    const running = runJob(id, runner);
    const refused = expect(running).rejects.toThrow();
    await jest.advanceTimersByTimeAsync(60_000);
    await refused;
    await look();
    expect(await fake.read(id)).toMatchObject({ state: 'running' });
    fake.refuse(() => false);
    await look();
    expect(await fake.read(id)).toMatchObject({ state: 'ended', outcome: 'unknown', attemptsUsed: 1 });
    expect(runner.claims.unsettled()).toEqual([]);
  });
});

describe('a claim that the process works on', () => {
  it('is left alone, from before its answer arrives until it is settled', async () => {
    const finish = Promise.withResolvers<void>();
    const { fake, runner, look } = setup(async () => {
      await finish.promise;
      return done();
    });
    const id = await fake.insert();
    const answer = Promise.withResolvers<void>();
    const late: JobRunner = {
      ...runner,
      ledger: {
        ...runner.ledger,
        claim: async (request) => {
          const result = await fake.ledger.claim(request);
          await answer.promise;
          return result;
        },
      },
    };
    const running = runJob(id, late);
    await look();
    expect(await fake.read(id)).toMatchObject({ state: 'running' });
    answer.resolve();
    await look();
    expect(await fake.read(id)).toMatchObject({ state: 'running' });
    finish.resolve();
    expect(await running).toEqual({ kind: 'finished' });
    await look();
    expect(await fake.read(id)).toMatchObject({ state: 'ended', outcome: 'done', tries: 1 });
  });

  it('is not settled again if it ends while the ledger is being asked', async () => {
    const finish = Promise.withResolvers<void>();
    const { fake, runner, look } = setup(async () => {
      await finish.promise;
      return done();
    });
    const running = runJob(await fake.insert(), runner);
    const settle = jest.spyOn(fake.ledger, 'settle');
    await look(async () => {
      const held = fake.running();
      finish.resolve();
      await running;
      return held;
    });
    expect(settle).toHaveBeenCalledTimes(1);
  });
});
