import { createRedact } from './redact';

const excerptOf = (text: string, ...secrets: string[]): string => createRedact(secrets).excerpt(Buffer.from(text));

describe('createRedact', () => {
  it.each([
    ['as it is', 'no canary/"1" here'],
    ['as JSON', '{"token": "canary/\\"1\\""}'],
    ['as JSON with slashes escaped', 'canary\\/"1"'],
    ['in a URL', '?t=canary%2F%221%22'],
  ])('hides a secret that is returned %s', (_, text) => {
    const excerpt = excerptOf(text, 'canary/"1"');
    expect(excerpt).toContain('[redacted]');
    expect(excerpt).not.toContain('canary');
  });

  it('hides a signing secret without its prefix, and the longer of two overlapping secrets completely', () => {
    expect(excerptOf('key: Y2FuYXJ5', 'whsec_Y2FuYXJ5')).toBe('key: [redacted]');
    expect(excerptOf('abcd-canary', 'abcd', 'abcd-canary')).toBe('[redacted]');
  });

  it.each(['ana.lima+x@shop.example', '4111 1111 1111 1111', '4111111111111111', '+55 (11) 91234-5678', '5511912345678'])(
    'hides %s',
    (personal) => {
      expect(excerptOf(`{"a": "${personal}"}`)).toBe('{"a": "[redacted]"}');
    },
  );

  it.each(['2026-01-02T03:04:05.000Z', 'order 12345678 at 99.95', 'version 3 of 7'])('shows %s', (text) => {
    expect(excerptOf(text)).toBe(text);
  });

  it('shows at most 2 kB, in whole characters that PostgreSQL can store', () => {
    expect(excerptOf('x'.repeat(2048))).toHaveLength(2048);
    expect(excerptOf('x'.repeat(2049))).toHaveLength(2048);
    expect(excerptOf(`x${'é'.repeat(2000)}`)).toBe(`x${'é'.repeat(1023)}`);
    expect(excerptOf('a\0b')).toBe('ab');
  });

  it('shows no part of a secret that crosses the end of the examined text', () => {
    const hidden = 'canary-'.repeat(2340);
    expect(excerptOf(`${hidden}secret-tail`, 'canary-', 'secret-tail-that-goes-on')).not.toMatch(/secret|tail/);
  });
});
