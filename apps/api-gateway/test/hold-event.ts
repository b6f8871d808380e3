import type { Database } from '@orderly/database';

/** Locks the id of an event, so that a request waits within its transaction. Returns a function that releases it. */
export async function holdEvent(db: Database, id: string): Promise<() => Promise<unknown>> {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const holding = db.transaction(async (query) => {
    await query('set local idle_in_transaction_session_timeout = 0');
    await query(
      `insert into event_keys (source, id, event_id, order_id, body_hash) values ('shop', $1, gen_random_uuid(), 'x', '\\x00')`,
      [id],
    );
    held.resolve();
    await released.promise;
    throw new Error('rolled back');
  });
  const ended = expect(holding).rejects.toThrow('rolled back');
  await held.promise;
  return () => {
    released.resolve();
    return ended;
  };
}
