import { PermanentError, RetryableError, ShutdownError, UnknownOutcomeError } from '@orderly/errors';
import { classifyMailError } from './classify-mail-error';

const fault = (fields: object): Error => Object.assign(new Error('to <jo@example.com>'), fields);
const recipient = 'jo@example.com';

describe('classifyMailError', () => {
  it.each([
    ['a recipient refused for good', { command: 'RCPT TO', responseCode: 550 }, false, PermanentError, 'recipient-refused'],
    ['a recipient refused for now', { command: 'RCPT TO', responseCode: 450 }, false, RetryableError, 'mail-server-unavailable'],
    ['a session out of step', { command: 'RCPT TO', responseCode: 503 }, false, RetryableError, 'mail-server-unavailable'],
    ['a sender refused for good', { command: 'MAIL FROM', responseCode: 553 }, false, PermanentError, 'mail-rejected'],
    ['a message refused for good', { command: 'DATA', responseCode: 554 }, true, PermanentError, 'mail-rejected'],
    ['a message refused for now', { command: 'DATA', responseCode: 451 }, true, RetryableError, 'mail-server-unavailable'],
    [
      'a server that closes instead of taking it',
      { command: 'CONN', responseCode: 421 },
      true,
      RetryableError,
      'mail-server-unavailable',
    ],
    ['a refusal whose line end was lost', { command: 'CONN', responseCode: 554 }, true, PermanentError, 'mail-rejected'],
    ['a refused greeting', { command: 'CONN', responseCode: 554 }, false, RetryableError, 'mail-server-unavailable'],
    [
      'a refused login',
      { command: 'AUTH PLAIN', responseCode: 535, code: 'EAUTH' },
      false,
      RetryableError,
      'mail-server-unavailable',
    ],
    ['a message too large', { command: 'MAIL FROM', code: 'EMESSAGE' }, false, PermanentError, 'mail-rejected'],
    [
      'a break before the message left',
      { command: 'CONN', code: 'ECONNECTION' },
      false,
      RetryableError,
      'mail-server-unavailable',
    ],
    [
      'a break after the message left',
      { command: 'CONN', code: 'ECONNECTION' },
      true,
      UnknownOutcomeError,
      'message-outcome-unknown',
    ],
    [
      'a timeout after the message left',
      { command: 'CONN', code: 'ETIMEDOUT' },
      true,
      UnknownOutcomeError,
      'message-outcome-unknown',
    ],
    ['an answer that is none', { command: 'DATA', responseCode: 354 }, true, UnknownOutcomeError, 'message-outcome-unknown'],
    ['an abort after the message left', { code: 'EABORT' }, true, UnknownOutcomeError, 'message-outcome-unknown'],
    ['an abort before the message left', { code: 'EABORT' }, false, RetryableError, 'mail-server-unavailable'],
    ['a fault of another kind', {}, false, RetryableError, 'mail-server-unavailable'],
  ])('classifies %s', (_what, fields, hasLeft, kind, code) => {
    const error = classifyMailError(fault(fields), { hasLeft, recipient });
    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(code);
  });

  it('rethrows the reason of an abort if nothing was sent', () => {
    const reason = new ShutdownError();
    const failure = { hasLeft: false, recipient, signal: AbortSignal.abort(reason) };
    expect(classifyMailError(fault({ code: 'EABORT' }), failure)).toBe(reason);
  });

  it('contains no address in any field', () => {
    const fields = { command: 'RCPT TO', responseCode: 550, response: '550 <jo@example.com> no', rejected: [recipient] };
    const error = classifyMailError(fault(fields), { hasLeft: false, recipient });
    expect(error.details).toEqual({ reply: 550, response: '550 <[redacted]> no', stage: 'RCPT TO', reason: 'unspecified' });
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain('jo');
  });
});
