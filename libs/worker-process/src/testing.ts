/** Whole workers under test: a ledger and a queue prefix of their own, events to feed them, processes to kill. */
export { createWorkerFixture, type JobRow, type WorkerFixture } from './testing/worker-fixture';
export { created, moved, updated } from './testing/order-events';
export { bundleWorker, type WorkerBundle, type WorkerChild } from './testing/bundle-worker';
