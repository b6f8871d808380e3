import type { RunnableJob } from '@orderly/jobs';
import type { Redis } from 'ioredis';

/** Looks for the jobs of one queue in Redis, in one round trip. BullMQ would need several for each job, and races between them. */
export interface JobPresence {
  /** Of the given jobs, those that BullMQ would never deliver. Their remains are removed: BullMQ ignores an id that has a hash. */
  absent(queue: string, jobs: readonly RunnableJob[]): Promise<RunnableJob[]>;
  /** Removes active jobs that BullMQ cannot read: it delivers them to nobody, and takes them up again for ever. */
  removeDamaged(queue: string): Promise<number>;
}

export function createJobPresence(redis: Redis, prefix: string): JobPresence {
  redis.defineCommand('orderlyAbsent', { numberOfKeys: places.length, lua: absentScript });
  redis.defineCommand('orderlyRemoveDamaged', { numberOfKeys: places.length, lua: removeDamagedScript });
  const scripts = redis as unknown as Scripts;
  const keysOf = (queue: string): string[] => places.map((place) => `${prefix}:${queue}:${place}`);

  return {
    async absent(queue, jobs) {
      const ids = jobs.map(({ id }) => id);
      const positions = await scripts.orderlyAbsent(...keysOf(queue), `${prefix}:${queue}:`, ...ids);
      return positions.flatMap((position) => jobs[position] ?? []);
    },
    removeDamaged: (queue) => scripts.orderlyRemoveDamaged(...keysOf(queue), `${prefix}:${queue}:`),
  };
}

interface Scripts {
  orderlyAbsent(...args: string[]): Promise<number[]>;
  orderlyRemoveDamaged(...args: string[]): Promise<number>;
}

/** Where BullMQ may keep an id; of `completed` and `failed` nothing is ever delivered. */
const places = ['prioritized', 'delayed', 'wait', 'active', 'stalled', 'completed', 'failed'] as const;

/**
 * KEYS {@link places}; ARGV[1] what the key of a job begins with. A script runs alone, so no worker takes a job between the look
 * and the removal.
 */
const lookAndRemove = `
  local prioritized, delayed, wait, active, stalled, completed, failed = unpack(KEYS)
  local jobKeys = ARGV[1]

  local function isJson(text)
    return text == '{}' or (text and pcall(cjson.decode, text))
  end

  -- What BullMQ parses before it calls a worker.
  local function isReadable(id)
    local fields = redis.pcall('HMGET', jobKeys .. id, 'name', 'data', 'opts')
    return not fields.err and fields[1] and isJson(fields[2]) and isJson(fields[3])
  end

  local function remove(id)
    for _, set in ipairs({ prioritized, delayed, completed, failed }) do redis.call('ZREM', set, id) end
    for _, list in ipairs({ wait, active }) do redis.call('LREM', list, 0, id) end
    redis.call('SREM', stalled, id)
    redis.call('DEL', jobKeys .. id, jobKeys .. id .. ':lock')
  end
`;

/** ARGV[2…] ids; returns the positions of those that are absent, counted from 0. */
const absentScript = `${lookAndRemove}
  local function setOf(list)
    local set = {}
    for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do set[id] = true end
    return set
  end
  -- Both are short: jobs without a priority come here only when they stalled.
  local isWaiting, isActive = setOf(wait), setOf(active)

  local absent = {}
  for position = 2, #ARGV do
    local id = ARGV[position]
    local isPlaced = redis.call('ZSCORE', prioritized, id) or redis.call('ZSCORE', delayed, id) or isWaiting[id]
    local isPresent = isPlaced and isReadable(id) or redis.call('EXISTS', jobKeys .. id .. ':lock') == 1
    if not isPresent then
      absent[#absent + 1] = position - 2
      -- After a flush there is nothing to remove, and it would take twice the time.
      if isPlaced or isActive[id] or redis.call('EXISTS', jobKeys .. id) == 1 then remove(id) end
    end
  end
  return absent
`;

/** Returns how many jobs were removed. */
const removeDamagedScript = `${lookAndRemove}
  local removed = 0
  for _, id in ipairs(redis.call('LRANGE', active, 0, -1)) do
    if not isReadable(id) then
      remove(id)
      removed = removed + 1
    end
  end
  return removed
`;
