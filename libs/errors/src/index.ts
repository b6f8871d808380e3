export { errorCodes, type ErrorCode } from './error-codes';
export {
  AppError,
  ConfigurationError,
  ConflictError,
  DeferredError,
  InvalidPayloadError,
  isAppError,
  NotFoundError,
  PermanentError,
  RetryableError,
  ShutdownError,
  ThrottledError,
  UnknownOutcomeError,
  type AppErrorOptions,
} from './app-error';
