export { startPrivateRedis } from './testing/private-redis';
export { startTcpProxy, stopTcpProxies, type TcpProxy } from './testing/tcp-proxy';
export { createTestPrefix, type TestPrefix } from './testing/test-prefix';
