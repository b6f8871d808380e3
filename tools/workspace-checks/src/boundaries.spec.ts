import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

type Finding = { readonly rule: string; readonly message: string };
type Snippet = { readonly path: string; readonly code: string; readonly tags?: Record<string, string[]> };

const root = join(__dirname, '../../..');
const boundaries = '@nx/enforce-module-boundaries';

const forbidden: readonly [promise: string, rule: string, message: RegExp, snippet: Snippet][] = [
  [
    'an adapter does not import another adapter',
    boundaries,
    /type:adapter/,
    at('libs/queue/src/x.ts', "import '@orderly/database';"),
  ],
  [
    "a testing entry belongs to its project's layer, in tests too",
    boundaries,
    /type:domain/,
    at('libs/orders/src/x.spec.ts', "import '@orderly/runtime/testing';"),
  ],
  ['a domain does not import an adapter', boundaries, /type:domain/, at('libs/jobs/src/x.ts', "import '@orderly/queue';")],
  [
    'a contract does not import a foundation',
    boundaries,
    /type:contract/,
    at('libs/contracts/src/x.ts', "import '@orderly/config';"),
  ],
  [
    'a foundation does not import a domain',
    boundaries,
    /type:foundation/,
    at('libs/runtime/src/x.ts', "import '@orderly/jobs';"),
  ],
  restrictedImport('an app does not import an app', 'apps/status-worker/src/x.ts', '@orderly/api-gateway', /imported by nobody/),
  restrictedImport('a tool does not import an app', 'tools/stack/src/x.ts', '@orderly/api-gateway', /imported by nobody/),
  restrictedImport(
    'a test does not import an app',
    'apps/status-worker/test/x.int-spec.ts',
    '@orderly/api-gateway',
    /imported by nobody/,
  ),
  [
    'the gateway does not import libraries for workers',
    boundaries,
    /scope:gateway/,
    at('apps/api-gateway/src/x.ts', "import '@orderly/channels';"),
  ],
  [
    'a shared library does not import libraries for workers',
    boundaries,
    /scope:shared/,
    { ...at('libs/database/src/x.ts', "import '@orderly/jobs';"), tags: { '@orderly/jobs': ['type:domain', 'scope:worker'] } },
  ],
  [
    'test support imports no product code',
    boundaries,
    /type:test-support/,
    at('libs/testing/src/x.ts', "import '@orderly/contracts';"),
  ],
  [
    'a relative path does not leave its project',
    boundaries,
    /relative/,
    at('libs/jobs/src/x.ts', "import '../../contracts/src/index';"),
  ],
  [
    'a project without tags imports nothing',
    boundaries,
    /without tags/,
    { ...at('libs/orders/src/x.ts', "import '@orderly/contracts';"), tags: { '@orderly/orders': [] } },
  ],
  restrictedImport('a contract does not use PostgreSQL', 'libs/contracts/src/x.ts', 'pg', /zod/),
  restrictedImport('a contract does no I/O', 'libs/contracts/src/x.ts', 'node:fs', /without I\/O/),
  restrictedImport('the errors import nothing', 'libs/errors/src/x.ts', 'zod', /imports nothing/),
  restrictedImport('a domain does not use BullMQ', 'libs/jobs/src/x.ts', 'bullmq', /Engine port/),
  restrictedImport('an app does not use BullMQ', 'apps/status-worker/src/x.ts', 'bullmq', /Engine port/),
  restrictedImport('an adapter does not use the driver of another', 'libs/queue/src/x.ts', 'pg', /@orderly\/database/),
  restrictedImport('a worker does not serve HTTP itself', 'apps/status-worker/src/x.ts', 'fastify', /api-gateway/),
  restrictedImport(
    'a service does not set up telemetry itself',
    'apps/status-worker/src/x.ts',
    '@opentelemetry/sdk-node',
    /observability/,
  ),
  restrictedImport('a subpath of a driver is the driver', 'libs/orders/src/x.ts', 'drizzle-orm/pg-core', /@orderly\/read-model/),
  restrictedImport('a testing entry stays out of source', 'apps/status-worker/src/x.ts', '@orderly/queue/testing', /production/),
  restrictedImport('test support stays out of source', 'libs/queue/src/x.ts', '@orderly/testing', /production/),
  restrictedImport('what an index does not export is private', 'libs/queue/src/x.ts', '@orderly/jobs/src/lane', /private/),
  restrictedImport(
    'a private file is private in tests too',
    'libs/queue/test/x.int-spec.ts',
    '@orderly/jobs/src/lane',
    /private/,
  ),
  [
    'a library does not read the environment',
    'no-restricted-properties',
    /@orderly\/config/,
    at('libs/queue/src/x.ts', 'export const home = process.env.HOME;'),
  ],
  [
    'a test does not sleep',
    'no-restricted-syntax',
    /eventually/,
    at('libs/queue/src/x.spec.ts', 'await new Promise((resolve) => setTimeout(resolve, 50));'),
  ],
  [
    'a module is not mocked',
    'no-restricted-properties',
    /fake of the port/,
    at('libs/queue/src/x.spec.ts', "jest.mock('./relay');"),
  ],
  ['an enum is refused', 'no-restricted-syntax', /union of literals/, at('libs/queue/src/x.ts', 'export enum State { Open }')],
  ['everything is exported by name', 'no-restricted-syntax', /by name/, at('libs/queue/src/x.ts', "export * from './relay';")],
  ["a comment names no ticket's id", 'comments/no-ticket-ids', /ORD-12/, at('libs/queue/src/x.ts', '// See ORD-12.')],
  [
    'a rule is not disabled without a reason',
    'comments/reason-for-disabling',
    /why/,
    at('libs/queue/src/x.ts', '// eslint-disable-next-line eqeqeq'),
  ],
];

const allowed: readonly [promise: string, snippet: Snippet][] = [
  ['an adapter imports a domain', at('libs/queue/src/x.ts', "import '@orderly/jobs';")],
  ['an adapter uses its own driver', at('libs/queue/src/x.ts', "import 'bullmq';")],
  ['a worker imports an adapter for workers', at('apps/notification-worker/src/x.ts', "import '@orderly/channels';")],
  ['an app imports contracts', at('apps/api-gateway/src/x.ts', "import '@orderly/contracts';")],
  ['the gateway serves HTTP', at('apps/api-gateway/src/x.ts', "import 'fastify';")],
  ['anything traces with the API of OpenTelemetry', at('libs/queue/src/x.ts', "import '@opentelemetry/api';")],
  ['an integration test uses test support', at('libs/queue/test/x.int-spec.ts', "import '@orderly/testing';")],
  ['a test uses a testing entry', at('apps/status-worker/src/x.spec.ts', "import '@orderly/queue/testing';")],
  ['a main file reads the environment', at('apps/status-worker/src/main.ts', 'export const home = process.env.HOME;')],
  ['a comment names a standard', at('libs/queue/src/x.ts', '// UTF-8, RFC 9457, SHA-256.')],
];

let findings: Map<Snippet, readonly Finding[]>;

beforeAll(() => {
  const snippets = [...forbidden.map(([, , , snippet]) => snippet), ...allowed.map(([, snippet]) => snippet)];
  const output = execFileSync(process.execPath, [join(__dirname, 'lint-snippets.mjs')], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false' },
    input: JSON.stringify(snippets.map((snippet) => ({ ...snippet, path: join(root, snippet.path) }))),
    maxBuffer: 2 ** 24,
  });
  const results = JSON.parse(output.toString()) as Finding[][];
  findings = new Map(snippets.map((snippet, index) => [snippet, results[index]!]));
}, 60_000);

describe('lint', () => {
  it.each(forbidden)('enforces that %s', (_promise, rule, message, snippet) => {
    const found = findings.get(snippet)!.filter((finding) => finding.rule === rule);
    expect(found.map((finding) => finding.message).join('\n')).toMatch(message);
  });

  it.each(allowed)('allows that %s', (_promise, snippet) => {
    expect(findings.get(snippet)).toEqual([]);
  });
});

function at(path: string, code: string): Snippet {
  return { path, code };
}

function restrictedImport(promise: string, path: string, name: string, message: RegExp): (typeof forbidden)[number] {
  return [promise, 'no-restricted-imports', message, at(path, `import '${name}';`)];
}
