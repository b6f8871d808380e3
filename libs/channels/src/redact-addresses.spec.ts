import { redactAddresses } from './redact-addresses';

describe('redactAddresses', () => {
  it.each([
    ['550 5.1.1 <jo-ann@example.com>: unknown', '550 5.1.1 <[redacted]>: unknown'],
    ['550 user JO-ANN unknown', '550 user [redacted] unknown'],
    ['550 see http://mx.example/?who=jo-ann%40example.com', '550 see http://mx.example/?who=[redacted]%40example.com'],
    ['450 forwarded to other@example.org', '450 forwarded to [redacted]'],
    ['250 2.0.0 queued as 4bXyZ', '250 2.0.0 queued as 4bXyZ'],
  ])('removes all addresses from %j', (answer, expected) => {
    expect(redactAddresses(answer, 'jo-ann@example.com')).toBe(expected);
  });

  it('accepts a recipient with special characters of patterns', () => {
    expect(redactAddresses('550 a.b+c/d*$ is unknown', 'a.b+c/d*$@example.com')).toBe('550 [redacted] is unknown');
  });

  it('keeps words that only contain the local part', () => {
    expect(redactAddresses('550 mailbox unavailable', 'a@example.com')).toBe('550 mailbox unavailable');
  });
});
