import { isTransient } from './connection-error';

const maxTries = 4;

/** Runs a statement or a transaction again that another one stood in the way of: a deadlock, a serialization failure. */
export async function retried<Result>(work: () => Promise<Result>, triesLeft = maxTries - 1): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (triesLeft === 0 || !isTransient(error)) throw error;
    return retried(work, triesLeft - 1);
  }
}
