import type { RunnableJob } from '@orderly/jobs';
import type { Redis } from 'ioredis';

/**
 * Looks for jobs of one queue in Redis, in one round trip. BullMQ's own API would need several calls per job, and a worker
 * could take the job between two of them.
 */
export interface JobPresence {
  /**
   * Returns those of the given jobs that BullMQ would never deliver. Also removes their remains, because BullMQ ignores an
   * added id whose hash still exists.
   */
  absent(queue: string, jobs: readonly RunnableJob[]): Promise<RunnableJob[]>;
  /** Removes active jobs that BullMQ cannot read, and returns their number. BullMQ would fetch and drop them for ever. */
  removeDamaged(queue: string): Promise<number>;
}

/** Registers the scripts on the connection. @param prefix - BullMQ's key prefix */
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

/** The lists and sets in which BullMQ may keep an id. It never delivers from `completed` and `failed`. */
const places = ['prioritized', 'delayed', 'wait', 'active', 'stalled', 'completed', 'failed'] as const;

/**
 * Functions of both scripts. KEYS: {@link places}. ARGV[1]: the prefix of a job's key. Redis runs a script alone, so no worker
 * takes a job between the look and the removal.
 */
const lookAndRemove = `
  local prioritized, delayed, wait, active, stalled, completed, failed = unpack(KEYS)
  local jobKeys = ARGV[1]

  local function isJson(text)
    return text == '{}' or (text and pcall(cjson.decode, text))
  end

  -- BullMQ parses these fields before it calls a worker.
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

/** ARGV[2…]: job ids. Returns the positions of the absent ids, counted from 0. */
const absentScript = `${lookAndRemove}
  local function setOf(list)
    local set = {}
    for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do set[id] = true end
    return set
  end
  -- Both lists are short: every job has a priority, so only stalled jobs are in wait.
  local isWaiting, isActive = setOf(wait), setOf(active)

  local absent = {}
  for position = 2, #ARGV do
    local id = ARGV[position]
    local isPlaced = redis.call('ZSCORE', prioritized, id) or redis.call('ZSCORE', delayed, id) or isWaiting[id]
    local isPresent = isPlaced and isReadable(id) or redis.call('EXISTS', jobKeys .. id .. ':lock') == 1
    if not isPresent then
      absent[#absent + 1] = position - 2
      -- After a flush there is nothing to remove, and trying would double the time.
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
