import {
  AppError,
  ConfigurationError,
  ConflictError,
  InvalidPayloadError,
  isAppError,
  NotFoundError,
  PermanentError,
  RetryableError,
  ShutdownError,
  ThrottledError,
  UnknownOutcomeError,
} from './app-error';

describe('AppError', () => {
  it('keeps code, message, cause and details, and takes the name of its class', () => {
    const cause = new Error('socket hang up');
    const error = new RetryableError('destination-timeout', 'No answer in 10 s', {
      cause,
      details: { status: 504 },
      retryAfterMs: 1000,
    });
    expect(error).toMatchObject({
      name: 'RetryableError',
      code: 'destination-timeout',
      message: 'No answer in 10 s',
      cause,
      details: { status: 504 },
      retryAfterMs: 1000,
    });
  });

  it('has empty details by default', () => {
    expect(new PermanentError('not-found', 'There is no such order').details).toEqual({});
  });

  it('recognises an AppError and no other error', () => {
    expect(isAppError(new ShutdownError())).toBe(true);
    expect(isAppError(new Error('x'))).toBe(false);
    expect(isAppError({ code: 'not-found' })).toBe(false);
  });

  it.each([InvalidPayloadError, NotFoundError, ConflictError])('%p is permanent, so its job is never retried', (type) => {
    expect(new type('invalid-payload', 'x')).toBeInstanceOf(PermanentError);
  });

  it.each([
    new RetryableError('job-failed', 'x'),
    new ThrottledError('destination-throttled', 'x', { retryAfterMs: 5000 }),
    new ConfigurationError('destination-unauthorized', 'x'),
    new UnknownOutcomeError('message-outcome-unknown', 'x'),
    new ShutdownError(),
  ])('$name is not permanent, so its job does not become a dead letter at once', (error) => {
    expect(error).toBeInstanceOf(AppError);
    expect(error).not.toBeInstanceOf(PermanentError);
  });
});
