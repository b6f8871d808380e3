import { fingerprintOf, type ClaimedJob, type SettleResult, type Verdict } from '@orderly/jobs';
import type { LedgerHarness } from './fake-ledger';

/** Tests the behaviour that workers rely on. Run it for the fake and the real {@link LedgerHarness}, so that they stay alike. */
export function describeLedger(name: string, setup: () => Promise<LedgerHarness>): void {
  describe(name, () => {
    let harness: LedgerHarness;
    beforeAll(async () => void (harness = await setup()));
    afterAll(() => harness.close());

    const claim = async (jobId: string): Promise<ClaimedJob> => {
      const result = await harness.ledger.claim({ jobId });
      expect(result.kind).toBe('claimed');
      return (result as Extract<typeof result, { kind: 'claimed' }>).job;
    };
    const insertAndClaim = async (input?: Parameters<LedgerHarness['insert']>[0]): Promise<ClaimedJob> =>
      claim(await harness.insert(input));
    const settle = (job: ClaimedJob, verdict: Verdict): Promise<SettleResult> => {
      const outcome = verdict.kind === 'ended' ? verdict.outcome : verdict.kind === 'dead' ? 'dead' : verdict.waitReason;
      const usedAttempt = verdict.kind === 'again' ? verdict.usesAttempt : true;
      return harness.ledger.settle({ job, verdict, attempt: { startedAt: new Date(), outcome, usedAttempt } });
    };
    const again = (more: Partial<Extract<Verdict, { kind: 'again' }>>): Verdict => ({
      kind: 'again',
      delayMs: 0,
      usesAttempt: false,
      waitReason: 'handed-back',
      ...more,
    });
    const done: Verdict = { kind: 'ended', outcome: 'done', resultVersion: 1 };

    it('gives a due job and a token to the process that claims it', async () => {
      const job = await insertAndClaim({ attemptsUsed: 2 });
      expect(job).toMatchObject({
        name: 'sync-order',
        queue: 'order-sync.erp',
        attemptsUsed: 2,
        tries: 1,
        crashes: 0,
      });
      expect(job.payload).toMatchObject({ destination: 'erp', version: 1 });
      expect(job.token).toEqual(expect.any(String));
      expect(await harness.read(job.id)).toMatchObject({ state: 'running', tries: 1, attemptsUsed: 2 });
    });

    it('returns `missing` for an unknown id', async () => {
      expect(await harness.ledger.claim({ jobId: '01890a5d-ac96-774b-bcce-b302099a8057' })).toEqual({ kind: 'missing' });
    });

    it('returns `later` with the remaining time for a job that is not due', async () => {
      const result = await harness.ledger.claim({ jobId: await harness.insert({ dueInMs: 60_000 }) });
      expect(result).toEqual({ kind: 'later', delayMs: expect.any(Number) as unknown });
      const { delayMs } = result as Extract<typeof result, { kind: 'later' }>;
      expect(delayMs).toBeGreaterThan(50_000);
      expect(delayMs).toBeLessThanOrEqual(60_000);
    });

    it('gives nobody a job that a living process has claimed', async () => {
      const { id } = await insertAndClaim();
      expect(await harness.ledger.claim({ jobId: id })).toEqual({ kind: 'later', delayMs: expect.any(Number) as unknown });
      expect(await harness.read(id)).toMatchObject({ tries: 1, crashes: 0 });
    });

    it('gives the job of a dead process to the next, counts the crash, uses no attempt, and ignores the old token', async () => {
      const lost = await insertAndClaim();
      await harness.killClaimant(lost.id);
      const job = await claim(lost.id);
      expect(job).toMatchObject({ attemptsUsed: 0, tries: 2, crashes: 1 });
      expect(await settle(lost, done)).toEqual({ settled: false });
      expect(await harness.read(lost.id)).toMatchObject({ state: 'running', attemptsUsed: 0, crashes: 1 });
      expect(await settle(job, done)).toEqual({ settled: true });
      expect(await harness.attempts(lost.id)).toEqual([
        { number: 1, outcome: 'lost', usedAttempt: false },
        { number: 2, outcome: 'done', usedAttempt: true },
      ]);
    });

    it('ends a job once, however often it is settled, and has nothing to do on its next delivery', async () => {
      const job = await insertAndClaim();
      expect(await settle(job, done)).toEqual({ settled: true });
      expect(await harness.read(job.id)).toMatchObject({ state: 'ended', outcome: 'done', attemptsUsed: 1 });
      expect(await settle(job, done)).toEqual({ settled: true });
      expect(await harness.ledger.claim({ jobId: job.id })).toEqual({ kind: 'idle' });
      expect(await harness.attempts(job.id)).toHaveLength(1);
      expect(await harness.read(job.id)).toMatchObject({ attemptsUsed: 1 });
    });

    it('counts an attempt for a retry, which is due after its delay', async () => {
      const job = await insertAndClaim();
      await settle(job, again({ delayMs: 30_000, usesAttempt: true, waitReason: 'retry' }));
      const read = await harness.read(job.id);
      expect(read).toMatchObject({ state: 'runnable', waitReason: 'retry', attemptsUsed: 1 });
      expect(read.dueInMs).toBeGreaterThan(25_000);
      expect(await harness.ledger.claim({ jobId: job.id })).toMatchObject({ kind: 'later' });
    });

    it('accepts a handed-back job without using an attempt, and gives it out again at once', async () => {
      const job = await insertAndClaim();
      await settle(job, again({}));
      expect(await harness.read(job.id)).toMatchObject({ state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0 });
      expect(await claim(job.id)).toMatchObject({ attemptsUsed: 0, tries: 2, crashes: 0 });
    });

    it.each([
      ['resets the crashes of a job that survived a try', 'retry', 0],
      ['keeps the crashes of a job that was handed back, because it survived no try', 'handed-back', 2],
    ] as const)('%s', async (_what, waitReason, crashes) => {
      const job = await insertAndClaim({ crashes: 2 });
      await settle(job, again({ waitReason, usesAttempt: waitReason === 'retry' }));
      expect(await harness.read(job.id)).toMatchObject({ state: 'runnable', crashes });
    });

    it('remembers that a try may have taken effect, whether it got no answer or was lost', async () => {
      const unanswered = await insertAndClaim();
      expect(unanswered.isInDoubt).toBe(false);
      const attempt = { startedAt: new Date(), outcome: 'retry', usedAttempt: true };
      const verdict = again({ waitReason: 'retry', usesAttempt: true });
      await harness.ledger.settle({ job: unanswered, verdict, attempt, leavesDoubt: true });
      const second = await claim(unanswered.id);
      expect(second.isInDoubt).toBe(true);
      await settle(second, verdict);
      expect((await claim(unanswered.id)).isInDoubt).toBe(true);

      const lost = await insertAndClaim();
      await harness.killClaimant(lost.id);
      expect((await claim(lost.id)).isInDoubt).toBe(true);
    });

    it('accepts a job that was given up before it was tried, and logs no attempt', async () => {
      const job = await insertAndClaim();
      expect(await harness.ledger.settle({ job, verdict: again({}) })).toEqual({ settled: true });
      expect(await harness.read(job.id)).toMatchObject({ state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0 });
      expect(await harness.attempts(job.id)).toEqual([]);
      expect(await claim(job.id)).toMatchObject({ attemptsUsed: 0, tries: 2 });
    });

    it('uses the claim token of the caller', async () => {
      const token = '01890a5d-ac96-774b-bcce-b302099a8058';
      const result = await harness.ledger.claim({ jobId: await harness.insert(), token });
      expect(result).toMatchObject({ kind: 'claimed', job: { token } });
    });

    it('stores code and fingerprint of a dead letter', async () => {
      const job = await insertAndClaim();
      const fingerprint = fingerprintOf('destination-refused', job);
      await settle(job, { kind: 'dead', code: 'destination-refused', message: 'no', fingerprint });
      expect(await harness.read(job.id)).toMatchObject({
        state: 'ended',
        outcome: 'dead',
        errorCode: 'destination-refused',
        fingerprint,
      });
    });

    it('holds the whole queue when one job was throttled', async () => {
      const [job, other] = [await insertAndClaim(), await harness.insert()];
      await settle(job, again({ delayMs: 60_000, waitReason: 'throttled', hold: { reason: 'throttled', forMs: 60_000 } }));
      expect(await harness.read(job.id)).toMatchObject({ state: 'runnable', waitReason: 'throttled', attemptsUsed: 0 });
      expect(await harness.ledger.claim({ jobId: other })).toEqual({ kind: 'held', delayMs: expect.any(Number) as unknown });
    });
  });
}
