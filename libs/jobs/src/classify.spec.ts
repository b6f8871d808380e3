import { retryConfig, syncOrder } from '@orderly/contracts';
import {
  ConfigurationError,
  ConflictError,
  DeferredError,
  InvalidPayloadError,
  NotFoundError,
  PermanentError,
  RetryableError,
  ShutdownError,
  ThrottledError,
  UnknownOutcomeError,
} from '@orderly/errors';
import type { ClaimedJob } from './claim';
import { classifyFailure, fingerprintOf } from './classify';
import { buildClaimedJob } from './testing';

const { policy } = syncOrder;
const classify = (error: unknown, job: Partial<ClaimedJob> = {}) =>
  classifyFailure(error, buildClaimedJob({ destination: 'erp', ...job }), policy, 0.5);

const hourMs = 3_600_000;
const tooOld = { ageMs: retryConfig.maxAgeHours * hourMs + 1 };

describe('the verdict on a failed attempt', () => {
  it.each<[string, unknown, object]>([
    ['ShutdownError', new ShutdownError(), { kind: 'again', usesAttempt: false, waitReason: 'handed-back', delayMs: 0 }],
    [
      'DeferredError',
      new DeferredError('database-unavailable', 'locked'),
      { kind: 'again', usesAttempt: false, waitReason: 'retry', delayMs: 2000 },
    ],
    [
      'ThrottledError',
      new ThrottledError('destination-throttled', 'slow down', { retryAfterMs: 7000 }),
      {
        kind: 'again',
        usesAttempt: false,
        waitReason: 'throttled',
        delayMs: 7000,
        hold: { reason: 'throttled', forMs: 7000 },
      },
    ],
    [
      'ConfigurationError',
      new ConfigurationError('destination-unauthorized', '401'),
      {
        kind: 'again',
        usesAttempt: false,
        waitReason: 'held',
        delayMs: 60_000,
        hold: { reason: 'destination-unauthorized', forMs: 60_000 },
      },
    ],
    [
      'UnknownOutcomeError',
      new UnknownOutcomeError('destination-outcome-unknown', 'who knows'),
      { kind: 'ended', outcome: 'unknown', reason: 'destination-outcome-unknown' },
    ],
    [
      'RetryableError',
      new RetryableError('destination-failed', '500'),
      { kind: 'again', usesAttempt: true, waitReason: 'retry', delayMs: 2000 },
    ],
    [
      'RetryableError that names its time',
      new RetryableError('destination-failed', '503', { retryAfterMs: 90_000 }),
      { kind: 'again', usesAttempt: true, waitReason: 'retry', delayMs: 90_000 },
    ],
    ['any other error', new TypeError('x'), { kind: 'again', usesAttempt: true, waitReason: 'retry', delayMs: 2000 }],
    ['a thrown string', 'x', { kind: 'again', usesAttempt: true, waitReason: 'retry', delayMs: 2000 }],
    ...[PermanentError, InvalidPayloadError, NotFoundError, ConflictError].map((Failure): [string, unknown, object] => [
      Failure.name,
      new Failure('destination-refused', '422'),
      { kind: 'dead', code: 'destination-refused', message: '422', fingerprint: 'destination-refused:erp' },
    ]),
  ])('%s', (_name, error, verdict) => {
    expect(classify(error)).toEqual(verdict);
  });

  it.each([
    ['an ambiguous failure', new RetryableError('destination-timeout', 'silence', { details: { ambiguous: true } }), {}],
    ['a definite failure after an ambiguous one', new RetryableError('destination-timeout', 'refused'), { isInDoubt: true }],
  ])('is an unknown outcome for %s after the fifth attempt, or when the job is too old', (_what, error, doubt) => {
    const unknown = { kind: 'ended', outcome: 'unknown', reason: 'destination-timeout' };
    expect(classify(error, { ...doubt, attemptsUsed: 3 })).toMatchObject({ kind: 'again' });
    expect(classify(error, { ...doubt, attemptsUsed: 4 })).toEqual(unknown);
    expect(classify(error, { ...doubt, ageMs: 73 * 3_600_000 })).toEqual(unknown);
  });

  it('is a dead letter for a definite refusal, even after an ambiguous attempt', () => {
    const refusal = new PermanentError('destination-refused', '422');
    expect(classify(refusal, { attemptsUsed: 4, isInDoubt: true })).toMatchObject({ kind: 'dead' });
  });

  it('is another attempt after the fourth, and a dead letter after the fifth', () => {
    const error = new RetryableError('destination-failed', '500');
    expect(classify(error, { attemptsUsed: 3 })).toMatchObject({ kind: 'again', delayMs: 16_000 });
    expect(classify(error, { attemptsUsed: 4 })).toMatchObject({ kind: 'dead', code: 'destination-failed' });
    expect(classify(new Error('boom'), { attemptsUsed: 4 })).toMatchObject({ kind: 'dead', code: 'job-failed', message: 'boom' });
  });

  it.each<[string, Error]>([
    ['throttled', new ThrottledError('destination-throttled', 'x', { retryAfterMs: 1 })],
    ['held', new ConfigurationError('destination-gone', 'x')],
    ['handed-back', new ShutdownError()],
  ])('uses none of the five attempts when %s, however many are used', (waitReason, error) => {
    expect(classify(error, { attemptsUsed: 4 })).toMatchObject({ kind: 'again', usesAttempt: false, waitReason });
  });

  it.each<[string, Error]>([
    ['retried', new RetryableError('destination-failed', '500')],
    ['throttled', new ThrottledError('destination-throttled', 'x', { retryAfterMs: 1 })],
    ['held', new ConfigurationError('destination-gone', 'x')],
  ])('is a dead letter if a job older than maxAgeHours would be %s', (_name, error) => {
    expect(classify(error, { ageMs: tooOld.ageMs - 1 })).toMatchObject({ kind: 'again' });
    expect(classify(error, tooOld)).toMatchObject({ kind: 'dead', code: 'job-expired', fingerprint: 'job-expired:erp' });
  });

  it('is no dead letter when an old job is handed back, because the process stops for its own reasons', () => {
    expect(classify(new ShutdownError(), tooOld)).toMatchObject({ kind: 'again', waitReason: 'handed-back' });
  });

  it('is unknown for an old job if the effect may have taken place, which expiry would hide', () => {
    expect(classify(new UnknownOutcomeError('message-outcome-unknown', 'x'), tooOld)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('the fingerprint', () => {
  it('names the destination, or the job if there is none', () => {
    expect(fingerprintOf('job-failed', { destination: 'wms', name: 'sync-order' })).toBe('job-failed:wms');
    expect(fingerprintOf('job-failed', { destination: null, name: 'send-notification' })).toBe('job-failed:send-notification');
  });
});
