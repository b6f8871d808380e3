export { createEngine, type BullEngine, type EngineOptions } from './engine';
export { createRelay, type Relay } from './relay';
export { createQueueWorker, type QueueWorker, type QueueWorkerOptions } from './queue-worker';
export type { AppliedJob } from './apply-job';
export { bindJob, type BoundJob } from './bind-job';
export { createClaimKeeper, type ClaimKeeperOptions } from './claim-keeper';
export { createLiveClaims, type LiveClaims } from './live-claims';
export { createHeartbeat, type Heartbeat } from './heartbeat';
export { createSweep, type SweepOptions } from './sweep';
export { createSchedules, type Schedule, type Schedules, type Tick } from './schedules';
export { createRedisCheck, readRedisMemory, type RedisMemory } from './redis-check';
export { createRedisFaults, createRelayFaults, redisPart } from './redis-faults';
export { watchRedis, type RedisWatchOptions } from './watch-redis';
export {
  createRateLimiter,
  rateLimitWindowSeconds,
  type RateLimiter,
  type RateLimiterOptions,
  type RateLimitVerdict,
} from './rate-limiter';
