import type { ConfigurationError } from '@orderly/errors';
import { alertsTo, parseAlerts } from './load-alerts';

const faultsOf = (text: string, env: Record<string, string> = {}): string[] => {
  try {
    parseAlerts(text, env);
  } catch (error) {
    return (error as ConfigurationError).message.split('\n').slice(1);
  }
  throw new Error('The text has no fault');
};

describe('parseAlerts', () => {
  it('fills in the defaults and replaces variables', () => {
    const text = 'webhook: { url: "${HOOK}" }\nmail: { to: [ops@example.com] }\ngatewayUrl: https://o.example/';
    expect(parseAlerts(text, { HOOK: 'https://hooks.example/T/B/x' })).toEqual({
      webhook: { url: 'https://hooks.example/T/B/x', timeoutMs: 10_000, allowPrivateNetwork: false },
      mail: { to: ['ops@example.com'] },
      windowSeconds: 900,
      redisMemoryPercent: 85,
      gatewayUrl: 'https://o.example',
    });
  });

  it('names every fault with its place, and shows no value', () => {
    const text = 'webhook:\n  url: "${HOOK}"\n  timeout: 5\nmail:\n  to: [nobody]\nwindowSeconds: 0';
    const faults = faultsOf(text, { HOOK: 'ftp://s3cr3t' });
    expect(faults).toHaveLength(4);
    expect(faults.join('\n')).toMatch(/3:3 webhook: has no setting "timeout"/);
    expect(faults.join('\n')).toMatch(/5:8 mail\.to\[0\]: is no e-mail address/);
    expect(faults.join('\n')).not.toContain('s3cr3t');
  });

  it.each([
    ['nothing', '{}', 'must have a webhook or mail'],
    ['a variable that is not set', 'webhook: { url: "${HOOK}" }', 'the environment variable HOOK is not set or empty'],
    ['plain http', 'webhook: { url: "http://hooks.example/x" }', 'must start with https:// unless allowPrivateNetwork is true'],
    ['credentials', 'webhook: { url: "https://u:p@hooks.example/x" }', 'may hold no credentials'],
    ['no YAML', 'webhook: {', 'is not valid YAML'],
  ])('refuses %s', (_what, text, fault) => {
    expect(faultsOf(text).join('\n')).toContain(fault);
  });
});

it('settings without a file have the defaults of the file', () => {
  const webhookUrl = 'https://hooks.example/x';
  expect(alertsTo({ webhookUrl, mailTo: ['ops@example.com'] })).toEqual(
    parseAlerts(JSON.stringify({ webhook: { url: webhookUrl }, mail: { to: ['ops@example.com'] } }), {}),
  );
});
