export { startPrivateRedis } from './testing/private-redis';
export { startTcpProxy, stopTcpProxies, type TcpProxy } from './testing/tcp-proxy';
export { createTestPrefix, type TestPrefix } from './testing/test-prefix';
export {
  createFakeLedger,
  type FakeLedger,
  type LedgerHarness,
  type LedgerJobInput,
  type LedgerJobState,
} from './testing/fake-ledger';
export { describeLedger } from './testing/describe-ledger';
export { livingProcess } from './testing/living-process';
