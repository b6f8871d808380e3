import { ConfigurationError } from '@orderly/errors';
import { randomUUID } from 'node:crypto';
import type { ChainableCommander, Redis } from 'ioredis';

/** Which server answers, and with which history: both change when Redis may have lost what it was given. */
export interface RedisIdentity {
  readonly runId: string | undefined;
  readonly replicationId: string | undefined;
}

/** For `/readyz`: PING would succeed where memory is full, so the check writes a key. It also fails if Redis is unsuitable. */
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
 * Asks in one round trip whether the server can do the work of a queue.
 *
 * @param more commands that share the round trip, such as those that only a suitable server can answer
 * @returns the server's identity, and the answers to `more`
 * @throws ConfigurationError `redis-unsuitable`, `redis-eviction-policy`, `redis-access-refused`
 */
export async function inspectRedis(
  redis: Redis,
  more: (pipeline: ChainableCommander) => ChainableCommander = (pipeline) => pipeline,
): Promise<{ identity: RedisIdentity; answers: unknown[] }> {
  const { db = 0 } = redis.options;
  // Before Redis 7, INFO takes one section; CONFIG is missing on managed services.
  const asked = redis.pipeline().info('server').info('replication').info('memory').select(db);
  const [server, replication, memory, select, ...rest] = (await more(asked).exec()) ?? [];
  const about = [server, replication, memory].map(textOf).join('\n');
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(about)?.[1];

  const mode = field('redis_mode');
  if (mode === 'sentinel') throw unsuitable('it is a Sentinel; REDIS_URL must name the primary itself');
  if (mode === 'cluster') throw unsuitable('it is a node of a Redis Cluster, which BullMQ jobs of several queues cannot share');
  if (field('role') === 'slave') throw unsuitable('it is a replica; REDIS_URL must name the primary');
  if (select?.[0]) throw explainRefusal(select[0]);
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new ConfigurationError('redis-eviction-policy', `Redis has maxmemory-policy ${policy}; set it to noeviction`);
  }
  return { identity: { runId: field('run_id'), replicationId: field('master_replid') }, answers: rest.map(answerOf) };
}

/** Gives Redis' refusals a code and words that name the setting; other errors stay as they are. */
export function explainRefusal(error: Error): Error {
  if (/^(WRONGPASS|NOAUTH)\b/.test(error.message)) return refused('the user or password of REDIS_URL', error);
  if (/^NOPERM\b/.test(error.message)) return refused(`a command to the user of REDIS_URL: ${error.message}`, error);
  if (/DB index is out of range/.test(error.message)) return unsuitable('it has no database of the number in REDIS_URL', error);
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
