/**
 * Every error code that Orderly shows: in problem+json, in attempts and in dead letters. Codes are stable, because callers may
 * branch on them. `docs/errors.md` documents each code; a spec keeps the two in step.
 */
export const errorCodes = {
  // HTTP API
  'validation-failed': 'The request does not match the documented schema.',
  'invalid-json': 'The body is not valid JSON.',
  'unsupported-media-type': 'The body is not application/json.',
  'payload-too-large': 'The body exceeds the size limit.',
  'request-timeout': 'The request did not arrive completely in time.',
  'headers-too-large': 'The request headers exceed the size limit.',
  'batch-too-large': 'The batch holds more than 1,000 events.',
  'batch-rejected': 'No event of the batch was accepted.',
  'event-id-reused': 'An event with this source and id was already accepted with a different body.',
  'idempotency-key-invalid': 'The header Idempotency-Key is malformed or was sent more than once.',
  'idempotency-key-reused': 'This Idempotency-Key was already used for a different request.',
  'idempotency-in-progress': 'A request with this Idempotency-Key is still being processed.',
  unauthenticated: 'The request has no valid API key.',
  'signature-invalid': "The webhook's signature is missing or invalid.",
  forbidden: 'The API key lacks the scope that this call needs.',
  'not-found': 'The resource does not exist.',
  'method-not-allowed': 'The resource does not support this method.',
  'rate-limited': "The API key's request limit for this minute is used up.",
  overloaded: 'The gateway is overloaded; nothing was acknowledged.',
  'database-unavailable': 'PostgreSQL cannot take the request now; nothing was acknowledged.',
  'internal-error': 'An unexpected error in Orderly; the log has the request id.',
  // Orders
  'transition-not-allowed': 'The order cannot change from its current status to this one.',
  'order-unknown': 'No order.created arrived before the deadline of the parked event.',
  'parked-too-long': 'The step that the parked event waited for did not arrive before its deadline.',
  'version-conflict': 'The order does not have the expected version.',
  // Dead letters
  'filter-too-wide': 'The filter has no condition, so it matches every dead letter.',
  'fingerprint-unknown': 'No dead letter has this fingerprint.',
  'no-dead-letters': 'The filter matches no dead letter.',
  'job-not-unknown': 'The outcome of this job is not unknown, so there is nothing to settle.',
  // Jobs
  'event-missing': 'The event of this job is not in the ledger.',
  'invalid-payload': "The job's payload is invalid.",
  'unknown-job': 'No handler exists for a job of this name.',
  'job-timeout': 'The handler exceeded its time limit.',
  'job-crashed': 'The process died too often while it ran this job.',
  'job-expired': 'The job was open for longer than maxAgeHours.',
  'job-failed': 'The handler failed with an error that has no code of its own.',
  'shutting-down': 'The process is stopping; the job was handed back.',
  // Destinations
  'destination-unknown': 'The destinations file does not contain this destination.',
  'destination-refused': 'The destination refused this request for good.',
  'destination-unauthorized': 'The destination refused our credentials.',
  'destination-gone': 'The destination answered 410: it accepts no more requests.',
  'destination-conflict': 'The destination answered 409.',
  'destination-throttled': 'The destination asked us to slow down.',
  'destination-unavailable': 'The destination could not be reached; nothing was sent.',
  'destination-failed': 'The destination answered with a server error.',
  'destination-timeout': 'The destination did not answer in time, or the connection broke after the request was sent.',
  'destination-outcome-unknown': 'It cannot be determined whether the destination processed the request.',
  'address-refused': 'The destination resolves to a private, link-local or metadata address.',
  'template-invalid': "The destination's body template does not fit the order.",
  // Notifications
  'recipient-missing': 'The order has no address for this channel.',
  'recipient-refused': 'The mail server permanently refused this recipient.',
  'mail-server-unavailable': 'The mail server is unreachable or has a temporary fault.',
  'mail-rejected': 'The mail server permanently refused this message.',
  'message-outcome-unknown': 'The process died while the message was being sent.',
  'alert-webhook-failed': 'The alert webhook did not take the alert.',
  // Set-up
  'configuration-invalid': 'The environment, the destinations file or the alerts file has a mistake.',
  'redis-access-refused': 'Redis refuses the user or password of REDIS_URL, or a command to this user.',
  'redis-unsuitable': 'Redis is a replica, a Cluster node or a Sentinel, or lacks the database of REDIS_URL.',
  'redis-eviction-policy': 'Redis may evict keys: maxmemory-policy is not noeviction.',
} as const;

export type ErrorCode = keyof typeof errorCodes;
