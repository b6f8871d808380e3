import { syncOrder, type JobPolicy } from '@orderly/contracts';
import { createSoloGate, done, type HandlerResult } from '@orderly/jobs';
import { createLogger } from '@orderly/observability';
import { bindJob } from './bind-job';
import { runJob, type JobRunner } from './run-job';
import { createFakeLedger, livingProcess } from './testing';

const turns = async (): Promise<void> => {
  for (let count = 0; count < 10; count++) await new Promise(setImmediate);
};

// A suspect is alone for a bounded time; here it takes as long as the test says.
beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

/** A process that runs jobs until a test ends them. */
function setup(policy: Partial<JobPolicy> = {}) {
  const fake = createFakeLedger();
  const inside = new Map<string, () => void>();
  const runner: JobRunner = {
    queue: 'order-sync.erp',
    ledger: fake.ledger,
    jobs: {
      'sync-order': bindJob(
        { ...syncOrder, policy: { ...syncOrder.policy, ...policy } },
        ({ job }) => new Promise<HandlerResult>((resolve) => inside.set(job.id, () => resolve(done()))),
      ),
    },
    gate: createSoloGate(),
    ...livingProcess(),
    logger: createLogger({ service: 'test', level: 'silent' }),
  };
  const deliver = (id: string) => runJob(id, runner);
  const end = async (id: string): Promise<void> => {
    inside.get(id)!();
    inside.delete(id);
    await turns();
  };
  /** The jobs of a process that died while it ran them. */
  const lost = async (count: number): Promise<string[]> => {
    const ids = await Promise.all(Array.from({ length: count }, () => fake.insert()));
    for (const id of ids) {
      await fake.ledger.claim({ jobId: id });
      await fake.killClaimant(id);
    }
    return ids;
  };
  return { fake, inside: () => [...inside.keys()], deliver, end, lost };
}

describe('a job that was lost with its process', () => {
  it('runs again without using an attempt for the loss', async () => {
    const { fake, deliver, end, lost } = setup();
    const [id = ''] = await lost(1);
    const delivery = deliver(id);
    await turns();
    await end(id);
    expect(await delivery).toEqual({ kind: 'finished' });
    expect(await fake.read(id)).toMatchObject({ outcome: 'done', attemptsUsed: 1, crashes: 1 });
  });

  it('runs alone: earlier jobs end first, and no other is started or claimed until it has ended', async () => {
    const { fake, inside, deliver, end, lost } = setup();
    const [suspect = ''] = await lost(1);
    const [before, after] = [await fake.insert(), await fake.insert()];
    void deliver(before);
    await turns();
    void deliver(suspect);
    await turns();
    void deliver(after);
    await turns();
    expect(inside()).toEqual([before]);
    await end(before);
    expect(inside()).toEqual([suspect]);
    expect(await fake.read(after)).toMatchObject({ state: 'runnable', tries: 0 });
    await end(suspect);
    expect(inside()).toEqual([after]);
    await end(after);
  });

  it('charges no neighbour with a second crash if it kills the process again', async () => {
    const { fake, inside, deliver, end, lost } = setup();
    const ids = await lost(5);
    const disposals = ids.map(deliver);
    await turns();
    const [poison = ''] = inside();
    const neighbours = ids.filter((id) => id !== poison);
    const others = await Promise.all(disposals.filter((_disposal, index) => ids[index] !== poison));
    expect(others).toEqual(neighbours.map(() => ({ kind: 'later', delayMs: expect.any(Number) })));
    for (const id of neighbours) {
      expect(await fake.read(id)).toMatchObject({ state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0, crashes: 1 });
    }
    for (const id of neighbours) expect(await fake.attempts(id)).toEqual([{ number: 1, outcome: 'lost', usedAttempt: false }]);
    // The process dies. Of the five jobs only the poison is running.
    await fake.killClaimant(poison);
    expect(await fake.ledger.claim({ jobId: poison })).toMatchObject({ job: { crashes: 2 } });
    await end(poison);
  });

  it('is a dead letter after three crashes but not after two, without running or using an attempt', async () => {
    const { fake, inside, deliver, end } = setup();
    const [third, second] = [await fake.insert({ crashes: 2 }), await fake.insert({ crashes: 1 })];
    for (const id of [third, second]) {
      await fake.ledger.claim({ jobId: id });
      await fake.killClaimant(id);
    }
    await deliver(third);
    expect(await fake.read(third)).toMatchObject({ outcome: 'dead', errorCode: 'job-crashed', crashes: 3, attemptsUsed: 0 });
    void deliver(second);
    await turns();
    expect(inside()).toEqual([second]);
    await end(second);
  });

  it('ends unknown without running if nobody can tell whether the effect took place', async () => {
    const { fake, inside, deliver, lost } = setup({ whenLost: 'unknown' });
    const ids = await lost(3);
    // Even if the claim that found the loss was given up before it could record this.
    ids.push(await fake.insert({ crashes: 1 }));
    await Promise.all(ids.map(deliver));
    for (const id of ids) {
      expect(await fake.read(id)).toMatchObject({
        outcome: 'unknown',
        errorCode: 'destination-outcome-unknown',
        attemptsUsed: 0,
      });
    }
    expect(inside()).toEqual([]);
  });
});
