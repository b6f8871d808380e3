import { EmailAddress } from './email-address';

describe('EmailAddress', () => {
  it.each([
    ['a typical address, not one with a space', 'ada.lovelace+orders@mail.example.com', 'ada lovelace@example.com'],
    ['64 characters before the @, not 65', `${'a'.repeat(64)}@example.com`, `${'a'.repeat(65)}@example.com`],
    ['a label of 63 characters, not of 64', `a@${'b'.repeat(63)}.com`, `a@${'b'.repeat(64)}.com`],
    ['a hyphen within a label, not at its end', 'a@b-c.com', 'a@b-.com'],
    ['dots between words, not two at once', 'a.b@c.de', 'a..b@c.de'],
    ['a domain of two labels, not of one', 'a@b.cd', 'a@localhost'],
  ])('accepts %s', (_what, good, bad) => {
    expect(EmailAddress.safeParse(good).success).toBe(true);
    expect(EmailAddress.safeParse(bad).success).toBe(false);
  });

  it('decides about hostile text without backtracking', () => {
    const startedAt = performance.now();
    for (const text of [`${'a.'.repeat(150)}@`, `a@${'b-'.repeat(150)}`, '@'.repeat(320), `a@${'b.'.repeat(159)}`]) {
      expect(EmailAddress.safeParse(text).success).toBe(false);
    }
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
