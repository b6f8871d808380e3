import { ConfigurationError } from '@orderly/errors';
import { randomUUID } from 'node:crypto';
import type { ChainableCommander, Redis } from 'ioredis';

/** Identifies the server and its data. One of the two changes whenever Redis may have lost data. */
export interface RedisIdentity {
  /** Changes with a restart. */
  readonly runId: string | undefined;
  /** Changes with a failover. */
  readonly replicationId: string | undefined;
}

/** Creates the check of `/readyz`. It writes a key, because PING succeeds even if memory is full. It also inspects Redis. */
export function createRedisCheck(redis: Redis, prefix: string): () => Promise<boolean> {
  const key = `${prefix}:check:${randomUUID()}`;
  return async () => {
    try {
      await Promise.all([redis.set(key, '1', 'EX', 5), inspectRedis(redis)]);
      return true;
    } catch {
      return false;
    }
  };
}

/**
 * Checks in one round trip whether the server can hold queues.
 *
 * @param more - adds commands to the same round trip
 * @returns the server's identity, and the answers to `more`
 * @throws ConfigurationError `redis-unsuitable`, `redis-eviction-policy` or `redis-access-refused`
 */
export async function inspectRedis(
  redis: Redis,
  more: (pipeline: ChainableCommander) => ChainableCommander = (pipeline) => pipeline,
): Promise<{ identity: RedisIdentity; answers: unknown[] }> {
  const { db = 0 } = redis.options;
  // Before Redis 7, INFO accepts only one section. INFO and not CONFIG, because managed services lack CONFIG.
  const asked = redis.pipeline().info('server').info('replication').info('memory').select(db);
  const [server, replication, memory, select, ...rest] = (await more(asked).exec()) ?? [];
  const about = [server, replication, memory].map(textOf).join('\n');
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(about)?.[1];

  const mode = field('redis_mode');
  if (mode === 'sentinel') throw unsuitable('it is a Sentinel; REDIS_URL must name the primary itself');
  if (mode === 'cluster') throw unsuitable('it is a node of a Redis Cluster, and Orderly needs a single primary');
  if (field('role') === 'slave') throw unsuitable('it is a replica; REDIS_URL must name the primary');
  if (select?.[0]) throw explainRefusal(select[0]);
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new ConfigurationError('redis-eviction-policy', `Redis has maxmemory-policy ${policy}; set it to noeviction`);
  }
  return { identity: { runId: field('run_id'), replicationId: field('master_replid') }, answers: rest.map(answerOf) };
}

/** How full Redis is, and what it does when it is full. */
export interface RedisMemory {
  /** `noeviction` if Redis keeps every key. */
  readonly policy: string;
  readonly usedBytes: number;
  /** 0 if there is no limit. */
  readonly limitBytes: number;
}

/** Asks Redis how full it is. */
export async function readRedisMemory(redis: Redis): Promise<RedisMemory> {
  const about = await redis.info('memory');
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(about)?.[1];
  return {
    policy: field('maxmemory_policy') ?? 'noeviction',
    usedBytes: Number(field('used_memory') ?? 0),
    limitBytes: Number(field('maxmemory') ?? 0),
  };
}

/** Turns a refusal by Redis into an error with a code and the setting's name. Returns other errors unchanged. */
export function explainRefusal(error: Error): Error {
  if (/^(WRONGPASS|NOAUTH)\b/.test(error.message)) return refused('the user or password of REDIS_URL', error);
  if (/^NOPERM\b/.test(error.message)) return refused(`a command to the user of REDIS_URL: ${error.message}`, error);
  if (/DB index is out of range/.test(error.message)) return unsuitable('the database number in REDIS_URL does not exist', error);
  return error;
}

const refused = (what: string, cause: Error): ConfigurationError =>
  new ConfigurationError('redis-access-refused', `Redis refuses ${what}`, { cause });

const unsuitable = (why: string, cause?: Error): ConfigurationError =>
  new ConfigurationError('redis-unsuitable', `Redis cannot hold the queues: ${why}`, { cause });

type Answer = [error: Error | null, result: unknown];

const textOf = (answer: Answer | undefined): string => String(answerOf(answer));

function answerOf([error, result]: Answer = [null, '']): unknown {
  if (error) throw explainRefusal(error);
  return result;
}
