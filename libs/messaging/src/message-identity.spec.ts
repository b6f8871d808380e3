import { messageIdentity, messageIdHeader, type MessageKey } from './message-identity';

const key: MessageKey = { orderId: 'o-1', version: 2, kind: 'shipped', recipient: 'jo@example.com' };

describe('messageIdentity', () => {
  it('gives the same message the same identity in every release', () => {
    expect(messageIdentity({ ...key })).toBe('770ed8a3929d15f63966de5053cbc915985418a4');
  });

  it('gives a different identity if any part of the key differs', () => {
    const others: Partial<MessageKey>[] = [
      { orderId: 'o-2' },
      { version: 3 },
      { kind: 'delivered' },
      { recipient: 'bo@example.com' },
    ];
    const identities = others.map((other) => messageIdentity({ ...key, ...other }));
    expect(new Set([messageIdentity(key), ...identities]).size).toBe(others.length + 1);
  });

  it('does not reveal the recipient', () => {
    expect(messageIdHeader(messageIdentity(key), 'shop.example')).toMatch(/^<[0-9a-f]{40}@shop\.example>$/);
  });
});
