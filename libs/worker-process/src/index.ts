export {
  createWorkerProcess,
  type QueuePlan,
  type WorkerParts,
  type WorkerPlan,
  type WorkerProcess,
  type WorkerProcessConfig,
} from './worker-process';
