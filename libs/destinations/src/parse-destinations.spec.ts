import { ConfigurationError } from '@orderly/errors';
import { parseDestinations } from './parse-destinations';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const env = {
  ERP_TOKEN: 'canary-token-1',
  ERP_SIGNING_SECRET: secret,
  EMPTY: '',
  BROKEN: 'canary-line\nbreak',
  WEAK: 'whsec_canary',
};

const full = `
destinations:
  - name: erp
    mode: latest-state
    request: { method: POST, url: 'https://erp.example/orders/{orderId}', headers: { X-Shop: main }, body: envelope }
    events: [order.created, order.cancelled]
    auth: { type: bearer, token: '\${ERP_TOKEN}' }
    signing: { secrets: ['\${ERP_SIGNING_SECRET}'] }
    idempotency: { mode: lookup, url: 'https://erp.example/orders/{orderId}', versionPointer: /version }
    rateLimit: { max: 50, perMs: 1000 }
    concurrency: 7
    timeoutMs: 9000
    onDeadHead: skip
    allowPrivateNetwork: true
`;

/** An entry with one line changed or added. */
const entry = (...lines: string[]): string => {
  const own = (key: string, standard: string) =>
    lines.some((line) => line.startsWith(`${key}:`)) ? [] : [`${key}: ${standard}`];
  const all = [
    ...own('name', 'wms'),
    ...own('mode', 'every-event'),
    ...own('request', '{ url: https://wms.example/ }'),
    ...lines,
  ];
  return `  - ${all.join('\n    ')}\n`;
};
const file = (...entries: string[]): string => `destinations:\n${entries.join('')}`;

function faultOf(text: string, environment: Record<string, string> = env): string {
  try {
    parseDestinations(text, environment, { file: 'dest.yaml' });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.code).toBe('configuration-invalid');
    return error.message;
  }
  throw new Error('no fault was found');
}

describe('parseDestinations', () => {
  it('reads every setting, with secrets from the environment', () => {
    expect(parseDestinations(full, env)).toEqual([
      {
        name: 'erp',
        mode: 'latest-state',
        request: { method: 'POST', url: 'https://erp.example/orders/{orderId}', headers: { 'X-Shop': 'main' }, body: 'envelope' },
        events: ['order.created', 'order.cancelled'],
        auth: { type: 'bearer', token: 'canary-token-1' },
        signing: { secrets: [secret] },
        idempotency: { mode: 'lookup', url: 'https://erp.example/orders/{orderId}', versionPointer: '/version' },
        rateLimit: { max: 50, perMs: 1000 },
        concurrency: 7,
        timeoutMs: 9000,
        onDeadHead: 'skip',
        allowPrivateNetwork: true,
        secrets: ['canary-token-1', secret],
      },
    ]);
  });

  it('fills in the defaults', () => {
    expect(parseDestinations(file(entry()), {})).toEqual([
      {
        name: 'wms',
        mode: 'every-event',
        request: { method: 'PUT', url: 'https://wms.example/', headers: {}, body: 'envelope' },
        events: ['order.created', 'order.updated', 'order.status_changed', 'order.cancelled'],
        auth: { type: 'none' },
        idempotency: { mode: 'key' },
        concurrency: 5,
        timeoutMs: 10_000,
        onDeadHead: 'block',
        allowPrivateNetwork: false,
        secrets: [],
      },
    ]);
    expect(parseDestinations(file(entry('mode: latest-state')), {})[0]?.onDeadHead).toBe('supersede');
  });

  it('freezes the result deeply', () => {
    const [destination] = parseDestinations(full, env);
    expect([destination, destination?.request.headers, destination?.signing?.secrets].every(Object.isFrozen)).toBe(true);
  });

  it('needs no secrets if they are not resolved, and checks the rest', () => {
    const [destination] = parseDestinations(full, {}, { resolveSecrets: false });
    expect(destination).toMatchObject({ name: 'erp', mode: 'latest-state', auth: { token: '${ERP_TOKEN}' }, secrets: [] });
    expect(() => parseDestinations(full.replace('latest-state', 'newest'), {}, { resolveSecrets: false })).toThrow('.mode');
  });

  it('resolves an environment variable within a longer string', () => {
    const text = file(entry(`request: { url: 'https://\${HOST}/{orderId}' }`));
    expect(parseDestinations(text, { HOST: 'wms.example' })[0]?.request.url).toBe('https://wms.example/{orderId}');
  });

  it.each([
    ['an unknown key', entry('rateLimt: 5'), '5:5 destinations[0]: has no setting "rateLimt"'],
    [
      'an unknown key further in',
      entry('rateLimit: { max: 5, perMs: 9, burst: 1 }'),
      'destinations[0].rateLimit: has no setting "burst"',
    ],
    [
      'a wrong type',
      entry("rateLimit: { max: '5', perMs: 9 }"),
      '5:23 destinations[0].rateLimit.max: expected number, received string',
    ],
    ['a missing setting', '  - name: wms\n    mode: every-event\n', '2:5 destinations[0].request: is missing'],
    ['no mode', '  - name: wms\n    request: { url: https://x.example }\n', 'destinations[0].mode: expected one of'],
    ['a name that no queue can have', entry('name: Erp.1'), '4:11 destinations[0].name: must be 1 to 40 of a-z, 0-9 and -'],
    ['a name of 41 letters', entry(`name: ${'a'.repeat(41)}`), 'destinations[0].name'],
    ['a name from the environment', entry("name: '${ERP_TOKEN}'"), 'destinations[0].name'],
    ['a name used twice', entry() + entry(), '5:11 destinations[1].name: is the name of an earlier destination'],
    [
      'a missing variable',
      entry("auth: { type: bearer, token: '${NOWHERE}' }"),
      'auth.token: the environment variable NOWHERE is not set',
    ],
    [
      'an empty variable',
      entry("auth: { type: bearer, token: '${EMPTY}' }"),
      'the environment variable EMPTY is not set or empty',
    ],
    ['a malformed reference', entry("auth: { type: bearer, token: '${A-B}' }"), 'must hold the name of an environment variable'],
    ['a token that no header can carry', entry("auth: { type: bearer, token: '${BROKEN}' }"), 'auth.token: has a line break'],
    [
      'plain http',
      entry('request: { url: http://wms.example/ }'),
      '4:21 destinations[0].request.url: must start with https:// unless',
    ],
    [
      'plain http of a lookup',
      entry('idempotency: { mode: lookup, url: http://w.example/, versionPointer: /v }'),
      'idempotency.url: must start',
    ],
    ['another scheme', entry("request: { url: 'ftp://wms.example/' }"), 'request.url: must start with https://'],
    ['a relative URL', entry('request: { url: /orders }'), 'request.url: is not an absolute URL'],
    [
      'an unknown URL placeholder',
      entry("request: { url: 'https://w.example/{order}' }"),
      'request.url: may hold no placeholder but {orderId}',
    ],
    ['an order id that names the host', entry("request: { url: 'https://{orderId}.example/' }"), 'only behind the host'],
    ['credentials in a URL', entry("request: { url: 'https://u:p@w.example/' }"), 'may hold no credentials: use auth'],
    [
      'a secret of another kind',
      entry('signing: { secrets: [hush] }'),
      'signing.secrets[0]: must be whsec_ followed by 24 to 64 random bytes in base64',
    ],
    ['a secret that is too short', entry("signing: { secrets: ['${WEAK}'] }"), 'signing.secrets[0]: must be whsec_'],
    ['no secrets', entry('signing: { secrets: [] }'), 'signing.secrets: must hold at least one secret'],
    [
      'an unknown placeholder',
      entry("request: { url: https://w.example/, body: { a: ['{{order.colour}}'] } }"),
      'request.body.a[0]: {{order.colour}}',
    ],
    [
      'an open placeholder',
      entry("request: { url: https://w.example/, body: { a: '{{orderId' } }"),
      'request.body.a: {{ and }} must enclose',
    ],
    [
      'a body that is no template',
      entry('request: { url: https://w.example/, body: raw }'),
      'request.body: must be "envelope" or a JSON template',
    ],
    [
      'a header of ours',
      entry('request: { url: https://w.example/, headers: { Webhook-Id: a } }'),
      'request.headers["Webhook-Id"]: is a header that',
    ],
    [
      'OAuth',
      entry('auth: { type: oauth2-client-credentials, clientId: a }'),
      'auth.type: oauth2-client-credentials is not supported yet',
    ],
    ['an unknown kind of auth', entry('auth: { type: digest }'), 'auth.type: must be one of none, bearer, basic, header'],
    [
      'a bad JSON pointer',
      entry('idempotency: { mode: lookup, url: https://w.example/, versionPointer: version }'),
      'must be a JSON pointer',
    ],
    ['an unknown event', entry('events: [order.shipped]'), 'events[0]: expected one of'],
    ["a timeout beyond the job's own", entry('timeoutMs: 30001'), 'timeoutMs'],
    ['a key given twice', entry('concurrency: 5', 'concurrency: 6'), '6:5 is not valid YAML'],
  ])('names place and fault of %s', (_, entries, fault) => {
    const message = faultOf(file(entries));
    expect(message).toContain('dest.yaml has a mistake:');
    expect(message).toContain(fault);
  });

  it('names all mistakes at once', () => {
    const message = faultOf(
      file(
        entry('concurrency: 0', 'request: { url: http://w.example/ }'),
        entry("auth: { type: bearer, token: '${NOWHERE}' }", 'x: 1'),
      ),
    );
    expect(message).toContain('dest.yaml has 5 mistakes:');
    for (const part of ['concurrency', 'request.url', '[1].name', 'NOWHERE', '"x"']) expect(message).toContain(part);
  });

  it.each(['', 'destinations: {}', '[]', 'destinations: [1]', 'destinations: &a [*a]'])(
    'refuses the file %j without destinations',
    (text) => {
      expect(faultOf(text)).toContain('dest.yaml has');
    },
  );

  it.each([
    "auth: { type: bearer, token: 'canary' canary }",
    'auth: { type: bearer, token: *canary }',
    'auth: { type: bearer, token: !canary x }',
    'auth: { type: bearer, token: "\\qcanary" }',
    'auth: { type: bearer, token: [canary] }',
    'signing: { secrets: [whsec_canary] }',
    "signing: { secrets: ['${WEAK}'] }",
    "auth: { type: bearer, token: '${BROKEN}' }",
    "auth: { type: '${ERP_TOKEN}' }",
    "request: { url: '${ERP_TOKEN}' }",
    'request: { url: "https://w.example/canary{x}" }',
  ])('never shows a value: %s', (line) => {
    expect(faultOf(file(entry(line)))).not.toContain('canary');
  });
});
