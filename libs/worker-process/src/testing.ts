/** Tests of whole workers: a ledger and a queue prefix of their own, events as input, and processes to kill. */
export { createWorkerFixture, type JobRow, type WorkerFixture } from './testing/worker-fixture';
export { created, moved, updated } from './testing/order-events';
export { bundleWorker, type WorkerBundle, type WorkerChild } from './testing/bundle-worker';
