/**
 * Every error code that Orderly shows to anyone: in problem+json, in attempts, in dead letters. Codes are stable: a caller may
 * branch on them. `docs/errors.md` documents each, and a spec holds the two to each other.
 */
export const errorCodes = {
  // HTTP API
  'validation-failed': 'The request does not have the documented shape.',
  'invalid-json': 'The body is not JSON.',
  'unsupported-media-type': 'The body is not application/json.',
  'payload-too-large': 'The body is larger than the gateway takes.',
  'request-timeout': 'The request did not arrive whole in time.',
  'headers-too-large': 'The headers of the request are larger than the gateway takes.',
  'batch-too-large': 'The batch holds more than 1,000 events.',
  'batch-rejected': 'No event of the batch was taken.',
  'event-id-reused': 'An event of this source has the same id and another body.',
  'idempotency-key-invalid': 'The header Idempotency-Key is malformed, or was sent more than once.',
  'idempotency-key-reused': 'Another request was answered under this Idempotency-Key.',
  'idempotency-in-progress': 'A request with this Idempotency-Key is being worked on.',
  unauthenticated: 'The request carries no valid API key.',
  'signature-invalid': "The webhook's signature does not prove who sent it.",
  forbidden: 'The API key lacks the scope that the call needs.',
  'not-found': 'There is no such resource.',
  'method-not-allowed': 'The resource does not know this method.',
  'rate-limited': 'The API key has used up its requests of this minute.',
  overloaded: 'The gateway has more to do than it can do in time; nothing was acknowledged.',
  'database-unavailable': 'PostgreSQL does not answer; nothing was acknowledged.',
  'internal-error': 'A fault of ours; the log has the request id.',
  // Orders
  'transition-not-allowed': 'The order cannot take this status from the one that it has.',
  'order-unknown': 'No order.created arrived before the parked event ran out of time.',
  'parked-too-long': 'The step that the parked event waited for did not arrive in time.',
  'version-conflict': 'The order has another version than the one expected.',
  // Jobs
  'invalid-payload': "The job's payload does not parse.",
  'unknown-job': 'Nobody handles a job of this name.',
  'job-timeout': 'The handler took longer than its policy allows.',
  'job-crashed': 'The process died while it ran this job, too often.',
  'job-expired': 'The job was open for longer than maxAgeHours.',
  'job-failed': 'The handler failed in a way that has no code of its own.',
  'shutting-down': 'The process is stopping; the job was handed back.',
  // Destinations
  'destination-unknown': 'The destinations file has no destination of this name.',
  'destination-refused': 'The destination answered that it will never take this request.',
  'destination-unauthorized': 'The destination refused our credentials.',
  'destination-gone': 'The destination answered 410: it wants no more requests.',
  'destination-conflict': 'The destination answered 409.',
  'destination-throttled': 'The destination asked us to slow down.',
  'destination-unavailable': 'The destination could not be reached; nothing was sent.',
  'destination-failed': 'The destination answered with a server error.',
  'destination-timeout': 'The destination did not answer in time, or the connection broke after the request was sent.',
  'destination-outcome-unknown': 'Whether the destination took the request cannot be found out.',
  'address-refused': 'The destination resolves to a private, link-local or metadata address.',
  'template-invalid': "The destination's body template does not fit the order.",
  // Notifications
  'recipient-missing': 'The order has no address for the channel.',
  'recipient-refused': 'The mail server refuses this recipient for good.',
  'mail-server-unavailable': 'The mail server cannot be reached or has a temporary fault.',
  'mail-rejected': 'The mail server refuses this message for good.',
  'message-outcome-unknown': 'The process died while the message was being sent.',
  // Set-up
  'configuration-invalid': 'The environment or the destinations file has a mistake.',
  'redis-eviction-policy': 'Redis may evict keys: maxmemory-policy is not noeviction.',
} as const;

export type ErrorCode = keyof typeof errorCodes;
