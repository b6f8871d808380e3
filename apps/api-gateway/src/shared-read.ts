/** Those who ask while the same thing is being read share it: what costs the ledger much is read once at a time. */
export function sharedRead<Key, Result>(read: (key: Key) => Promise<Result>): (key: Key) => Promise<Result> {
  const underWay = new Map<Key, Promise<Result>>();
  return (key) => {
    const shared = underWay.get(key);
    if (shared !== undefined) return shared;
    const reading = read(key).finally(() => underWay.delete(key));
    underWay.set(key, reading);
    return reading;
  };
}
