export { createTestDatabase, type TestDatabase } from './test-database';
export { testDatabaseUrl, testRedisUrl } from './test-servers';
export { eventually } from './eventually';
export { startOtlpStub, type OtlpStub, type CollectedSpan } from './otlp-stub';
export { freePort } from '@orderly/servers';
export { launchBrowser, type BrowserOptions } from './launch-browser';
export { createAnswerFaults, type ObservedAnswer } from './answer-faults';
